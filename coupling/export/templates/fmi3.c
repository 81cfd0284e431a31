/* ---- Functional Mock-up Interface 3.0, co-simulation ---- */
#include <stdbool.h>
#include <stdint.h>

typedef void *fmi3Instance;
typedef void *fmi3InstanceEnvironment;
typedef void *fmi3FMUState;
typedef uint32_t fmi3ValueReference;
typedef float fmi3Float32;
typedef double fmi3Float64;
typedef int8_t fmi3Int8;
typedef uint8_t fmi3UInt8;
typedef int16_t fmi3Int16;
typedef uint16_t fmi3UInt16;
typedef int32_t fmi3Int32;
typedef uint32_t fmi3UInt32;
typedef int64_t fmi3Int64;
typedef uint64_t fmi3UInt64;
typedef bool fmi3Boolean;
typedef const char *fmi3String;
typedef uint8_t fmi3Byte;
typedef const fmi3Byte *fmi3Binary;
typedef bool fmi3Clock;
typedef enum { fmi3OK, fmi3Warning, fmi3Discard, fmi3Error, fmi3Fatal } fmi3Status;
typedef enum { fmi3Independent, fmi3Constant, fmi3Fixed, fmi3Tunable, fmi3Discrete, fmi3Dependent } fmi3DependencyKind;
typedef enum { fmi3IntervalNotYetKnown, fmi3IntervalUnchanged, fmi3IntervalChanged } fmi3IntervalQualifier;
typedef void (*fmi3LogMessageCallback)(fmi3InstanceEnvironment, fmi3Status, fmi3String, fmi3String);

/* An importer that links sources statically names the functions apart by this prefix. */
#ifdef FMI3_FUNCTION_PREFIX
#define JOINED(prefix, name) prefix##name
#define JOIN(prefix, name) JOINED(prefix, name)
#define FMI(name) JOIN(FMI3_FUNCTION_PREFIX, name)
#else
#define FMI(name) name
#endif
#if defined _WIN32
#define EXPORT __declspec(dllexport)
#elif defined __GNUC__
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT
#endif

/* A function pointer cannot travel as a pointer to data, so the instance holds it in a box of its own. */
typedef struct {
    Instance instance;
    fmi3LogMessageCallback log;
} Boxed;

static fmi3Status complain(Instance *instance, const char *text)
{
    const Boxed *boxed = instance->logger;
    if (boxed->log != NULL)
        boxed->log(instance->environment, fmi3Error, "logStatusError", text);
    return fmi3Error;
}

EXPORT const char *FMI(fmi3GetVersion)(void) { return "3.0"; }

EXPORT fmi3Instance FMI(fmi3InstantiateCoSimulation)(
    fmi3String name, fmi3String token, fmi3String resources, fmi3Boolean visible, fmi3Boolean logging,
    fmi3Boolean events, fmi3Boolean early, const fmi3ValueReference intermediate[], size_t n,
    fmi3InstanceEnvironment environment, fmi3LogMessageCallback log, void (*update)(void))
{
    Boxed *boxed = NULL;
    Instance *instance = make_instance(name, token);
    (void)resources, (void)visible, (void)logging, (void)events, (void)early, (void)intermediate, (void)n;
    (void)update;
    if (instance != NULL)
        boxed = realloc(instance, sizeof *boxed);
    if (boxed == NULL) {
        free_instance(instance);
        if (log != NULL)
            log(environment, fmi3Error, "logStatusError", "not the identifier of this model, or no memory");
        return NULL;
    }
    boxed->log = log;
    boxed->instance.logger = boxed;
    boxed->instance.environment = environment;
    return boxed;
}

EXPORT void FMI(fmi3FreeInstance)(fmi3Instance c) { free_instance(c); }

EXPORT fmi3Status FMI(fmi3SetDebugLogging)(fmi3Instance c, fmi3Boolean on, size_t n, const fmi3String categories[])
{
    (void)c, (void)on, (void)n, (void)categories;
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3EnterInitializationMode)(fmi3Instance c, fmi3Boolean tolerance_set, fmi3Float64 tolerance,
                                                   fmi3Float64 start, fmi3Boolean stop_set, fmi3Float64 stop)
{
    Instance *instance = c;
    (void)tolerance_set, (void)tolerance, (void)stop_set, (void)stop;
    if (instance->saved.phase != INSTANTIATED)
        return complain(instance, "initialization starts after instantiation or reset only");
    instance->saved.phase = INITIALIZATION;
    instance->saved.model.time = start;
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3ExitInitializationMode)(fmi3Instance c)
{
    Instance *instance = c;
    if (instance->saved.phase != INITIALIZATION)
        return complain(instance, "initialization was not entered");
    refresh(instance);
    instance->saved.phase = STEPPING;
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3Terminate)(fmi3Instance c)
{
    ((Instance *)c)->saved.phase = TERMINATED;
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3Reset)(fmi3Instance c)
{
    reset_instance(c);
    return fmi3OK;
}

/* Values of the variables asked for, one variable after the other; arrays come whole. */
EXPORT fmi3Status FMI(fmi3GetFloat64)(fmi3Instance c, const fmi3ValueReference vr[], size_t n, fmi3Float64 values[],
                                      size_t size)
{
    Instance *instance = c;
    size_t done = 0;
    refresh(instance);
    for (size_t k = 0; k < n; k++) {
        const Variable *v = find_variable(vr[k]);
        if (v == NULL || v->reference != vr[k] || done + (size_t)v->count > size)
            return complain(instance, "no real variable has this value reference, or too few values are asked for");
        memcpy(values + done, variable_values(&instance->saved.model, v), (size_t)v->count * sizeof *values);
        done += (size_t)v->count;
    }
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3SetFloat64)(fmi3Instance c, const fmi3ValueReference vr[], size_t n,
                                      const fmi3Float64 values[], size_t size)
{
    Instance *instance = c;
    size_t done = 0;
    for (size_t k = 0; k < n; k++) {
        const Variable *v = find_variable(vr[k]);
        if (!may_set(instance, v) || v->reference != vr[k] || done + (size_t)v->count > size)
            return complain(instance, "no variable with this value reference can be set now, or too few values");
        for (int place = 0; place < v->count; place++)
            set_variable(&instance->saved.model, v, vr[k] + (unsigned)place, values[done++]);
    }
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3GetInt32)(fmi3Instance c, const fmi3ValueReference vr[], size_t n, fmi3Int32 values[],
                                    size_t size)
{
    Instance *instance = c;
    refresh(instance);
    for (size_t k = 0; k < n; k++) {
        if (vr[k] != FLAG_REFERENCE || k >= size)
            return complain(instance, "no integer variable has this value reference");
        values[k] = instance->saved.model.flag;
    }
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3DoStep)(fmi3Instance c, fmi3Float64 time, fmi3Float64 step, fmi3Boolean keep,
                                  fmi3Boolean *event, fmi3Boolean *terminate, fmi3Boolean *early, fmi3Float64 *last)
{
    (void)keep;
    *event = *terminate = *early = false;
    *last = time;
    if (!step_instance(c, step))
        return complain(c, "not a time step: neither negative nor longer than a day");
    *last = time + step;
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3GetFMUState)(fmi3Instance c, fmi3FMUState *state)
{
    if (*state == NULL)
        *state = malloc(sizeof(Saved));
    if (*state == NULL)
        return complain(c, "no memory for a state");
    memcpy(*state, &((Instance *)c)->saved, sizeof(Saved));
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3SetFMUState)(fmi3Instance c, fmi3FMUState state)
{
    memcpy(&((Instance *)c)->saved, state, sizeof(Saved));
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3FreeFMUState)(fmi3Instance c, fmi3FMUState *state)
{
    (void)c;
    if (state != NULL) {
        free(*state);
        *state = NULL;
    }
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3SerializedFMUStateSize)(fmi3Instance c, fmi3FMUState state, size_t *size)
{
    (void)c, (void)state;
    *size = sizeof(Serialized);
    return fmi3OK;
}

EXPORT fmi3Status FMI(fmi3SerializeFMUState)(fmi3Instance c, fmi3FMUState state, fmi3Byte bytes[], size_t size)
{
    return serialize(state, bytes, size) ? fmi3OK : complain(c, "too few bytes for a state");
}

EXPORT fmi3Status FMI(fmi3DeserializeFMUState)(fmi3Instance c, const fmi3Byte bytes[], size_t size,
                                               fmi3FMUState *state)
{
    return deserialize(bytes, size, state) ? fmi3OK : complain(c, "not a state of this model, or no memory");
}
