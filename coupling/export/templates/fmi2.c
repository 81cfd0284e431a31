/* ---- Functional Mock-up Interface 2.0, co-simulation ---- */

typedef void *fmi2Component;
typedef void *fmi2ComponentEnvironment;
typedef void *fmi2FMUstate;
typedef unsigned int fmi2ValueReference;
typedef double fmi2Real;
typedef int fmi2Integer;
typedef int fmi2Boolean;
typedef char fmi2Char;
typedef const fmi2Char *fmi2String;
typedef char fmi2Byte;
typedef enum { fmi2OK, fmi2Warning, fmi2Discard, fmi2Error, fmi2Fatal, fmi2Pending } fmi2Status;
typedef enum { fmi2ModelExchange, fmi2CoSimulation } fmi2Type;
typedef enum { fmi2DoStepStatus, fmi2PendingStatus, fmi2LastSuccessfulTime, fmi2Terminated } fmi2StatusKind;
typedef void (*fmi2Logger)(fmi2ComponentEnvironment, fmi2String, fmi2Status, fmi2String, fmi2String, ...);
typedef struct {
    fmi2Logger logger;
    void *(*allocateMemory)(size_t, size_t);
    void (*freeMemory)(void *);
    void (*stepFinished)(fmi2ComponentEnvironment, fmi2Status);
    fmi2ComponentEnvironment componentEnvironment;
} fmi2CallbackFunctions;

/* An importer that links sources statically names the functions apart by this prefix. */
#ifdef FMI2_FUNCTION_PREFIX
#define JOINED(prefix, name) prefix##name
#define JOIN(prefix, name) JOINED(prefix, name)
#define FMI(name) JOIN(FMI2_FUNCTION_PREFIX, name)
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

static fmi2Status complain(Instance *instance, const char *text)
{
    const fmi2CallbackFunctions *functions = instance->logger;
    if (functions != NULL && functions->logger != NULL)
        functions->logger(instance->environment, instance->name, fmi2Error, "logStatusError", "%s", text);
    return fmi2Error;
}

EXPORT const char *FMI(fmi2GetTypesPlatform)(void) { return "default"; }
EXPORT const char *FMI(fmi2GetVersion)(void) { return "2.0"; }

EXPORT fmi2Component FMI(fmi2Instantiate)(fmi2String name, fmi2Type type, fmi2String token, fmi2String resources,
                                          const fmi2CallbackFunctions *functions, fmi2Boolean visible,
                                          fmi2Boolean logging)
{
    Instance *instance = type == fmi2CoSimulation ? make_instance(name, token) : NULL;
    (void)resources, (void)visible, (void)logging;
    if (instance == NULL) {
        if (functions != NULL && functions->logger != NULL)
            functions->logger(functions->componentEnvironment, name, fmi2Error, "logStatusError", "%s",
                              "not a co-simulation with the identifier of this model, or no memory");
        return NULL;
    }
    instance->logger = (void *)functions;
    instance->environment = functions != NULL ? functions->componentEnvironment : NULL;
    return instance;
}

EXPORT void FMI(fmi2FreeInstance)(fmi2Component c) { free_instance(c); }

EXPORT fmi2Status FMI(fmi2SetDebugLogging)(fmi2Component c, fmi2Boolean on, size_t n, const fmi2String categories[])
{
    (void)c, (void)on, (void)n, (void)categories;
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2SetupExperiment)(fmi2Component c, fmi2Boolean tolerance_set, fmi2Real tolerance,
                                           fmi2Real start, fmi2Boolean stop_set, fmi2Real stop)
{
    (void)c, (void)tolerance_set, (void)tolerance, (void)start, (void)stop_set, (void)stop;
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2EnterInitializationMode)(fmi2Component c)
{
    Instance *instance = c;
    if (instance->saved.phase != INSTANTIATED)
        return complain(instance, "initialization starts after instantiation or reset only");
    instance->saved.phase = INITIALIZATION;
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2ExitInitializationMode)(fmi2Component c)
{
    Instance *instance = c;
    if (instance->saved.phase != INITIALIZATION)
        return complain(instance, "initialization was not entered");
    refresh(instance);
    instance->saved.phase = STEPPING;
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2Terminate)(fmi2Component c)
{
    ((Instance *)c)->saved.phase = TERMINATED;
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2Reset)(fmi2Component c)
{
    reset_instance(c);
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2GetReal)(fmi2Component c, const fmi2ValueReference vr[], size_t n, fmi2Real value[])
{
    Instance *instance = c;
    refresh(instance);
    for (size_t k = 0; k < n; k++) {
        const Variable *v = find_variable(vr[k]);
        if (v == NULL)
            return complain(instance, "no real variable has this value reference");
        value[k] = variable_values(&instance->saved.model, v)[vr[k] - v->reference];
    }
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2SetReal)(fmi2Component c, const fmi2ValueReference vr[], size_t n, const fmi2Real value[])
{
    Instance *instance = c;
    for (size_t k = 0; k < n; k++) {
        const Variable *v = find_variable(vr[k]);
        if (!may_set(instance, v))
            return complain(instance, "no variable with this value reference can be set now");
        set_variable(&instance->saved.model, v, vr[k], value[k]);
    }
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2GetInteger)(fmi2Component c, const fmi2ValueReference vr[], size_t n, fmi2Integer value[])
{
    Instance *instance = c;
    refresh(instance);
    for (size_t k = 0; k < n; k++) {
        if (vr[k] != FLAG_REFERENCE)
            return complain(instance, "no integer variable has this value reference");
        value[k] = instance->saved.model.flag;
    }
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2DoStep)(fmi2Component c, fmi2Real time, fmi2Real step, fmi2Boolean keep)
{
    (void)time, (void)keep;
    return step_instance(c, step) ? fmi2OK : complain(c, "not a time step: neither negative nor longer than a day");
}

EXPORT fmi2Status FMI(fmi2GetFMUstate)(fmi2Component c, fmi2FMUstate *state)
{
    Instance *instance = c;
    if (*state == NULL)
        *state = malloc(sizeof(Saved));
    if (*state == NULL)
        return complain(instance, "no memory for a state");
    memcpy(*state, &instance->saved, sizeof(Saved));
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2SetFMUstate)(fmi2Component c, fmi2FMUstate state)
{
    memcpy(&((Instance *)c)->saved, state, sizeof(Saved));
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2FreeFMUstate)(fmi2Component c, fmi2FMUstate *state)
{
    (void)c;
    if (state != NULL) {
        free(*state);
        *state = NULL;
    }
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2SerializedFMUstateSize)(fmi2Component c, fmi2FMUstate state, size_t *size)
{
    (void)c, (void)state;
    *size = sizeof(Serialized);
    return fmi2OK;
}

EXPORT fmi2Status FMI(fmi2SerializeFMUstate)(fmi2Component c, fmi2FMUstate state, fmi2Byte bytes[], size_t size)
{
    return serialize(state, bytes, size) ? fmi2OK : complain(c, "too few bytes for a state");
}

EXPORT fmi2Status FMI(fmi2DeSerializeFMUstate)(fmi2Component c, const fmi2Byte bytes[], size_t size,
                                               fmi2FMUstate *state)
{
    return deserialize(bytes, size, state) ? fmi2OK : complain(c, "not a state of this model, or no memory");
}
