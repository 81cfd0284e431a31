/* A host without Python: loads an FMI 2.0 co-simulation, steps it over an input on stdin, writes d50 to stdout.
 *
 * host LIBRARY TOKEN: reads lines "step speed spray", writes "d50 flag" for each, then the longest and the mean
 * processor time of a step in seconds on stderr.
 */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef int (*Enter)(void *);
typedef int (*GetReal)(void *, const unsigned *, size_t, double *);
typedef int (*SetReal)(void *, const unsigned *, size_t, const double *);
typedef int (*GetInteger)(void *, const unsigned *, size_t, int *);
typedef int (*DoStep)(void *, double, double, int);
typedef int (*Setup)(void *, int, double, double, int, double);
typedef void *(*Instantiate)(const char *, int, const char *, const char *, const void *, int, int);
typedef void (*Free)(void *);

struct callbacks {
    void (*logger)(void);
    void *(*allocate)(size_t, size_t);
    void (*release)(void *);
    void (*finished)(void);
    void *environment;
};

static void *library;

static void find(const char *name, void *pointer)
{
    *(void **)pointer = dlsym(library, name);
    if (*(void **)pointer == NULL) {
        fprintf(stderr, "no %s\n", name);
        exit(2);
    }
}

/* Processor time of this program [s]. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int count, char **argument)
{
    static const unsigned inputs[2] = { 0, 1 }, d50[1] = { 201 }, flag[1] = { 600 };
    static const struct callbacks callbacks = { NULL, calloc, free, NULL, NULL };
    Instantiate instantiate;
    Setup setup;
    Enter enter, leave;
    GetReal get;
    SetReal set;
    GetInteger get_integer;
    DoStep step;
    Free release;
    double value[2], length, size, time = 0.0, longest = 0.0, total = 0.0;
    int bits, steps = 0;
    void *model;
    if (count != 3 || (library = dlopen(argument[1], RTLD_NOW)) == NULL)
        return 2;
    find("fmi2Instantiate", &instantiate);
    find("fmi2SetupExperiment", &setup);
    find("fmi2EnterInitializationMode", &enter);
    find("fmi2ExitInitializationMode", &leave);
    find("fmi2GetReal", &get);
    find("fmi2SetReal", &set);
    find("fmi2GetInteger", &get_integer);
    find("fmi2DoStep", &step);
    find("fmi2FreeInstance", &release);
    model = instantiate("host", 1, argument[2], "", &callbacks, 0, 0);
    if (model == NULL || setup(model, 0, 0.0, 0.0, 0, 0.0) || enter(model) || leave(model))
        return 3;
    while (scanf("%lf %lf %lf", &length, &value[0], &value[1]) == 3) {
        double begin, spent;
        if (set(model, inputs, 2, value))
            return 4;
        begin = now();
        if (step(model, time, length, 1))
            return 5;
        spent = now() - begin;
        longest = spent > longest ? spent : longest;
        total += spent;
        time += length;
        steps++;
        if (get(model, d50, 1, &size) || get_integer(model, flag, 1, &bits))
            return 6;
        printf("%.17g %d\n", size, bits);
    }
    fprintf(stderr, "%.9f %.9f\n", longest, steps > 0 ? total / steps : 0.0);
    release(model);
    dlclose(library);
    return 0;
}
