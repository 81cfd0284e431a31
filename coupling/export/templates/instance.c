/* ---- instance: life cycle, common to both versions of the interface ---- */

typedef enum { INSTANTIATED, INITIALIZATION, STEPPING, TERMINATED } Phase;

typedef struct {
    Model model;
    Phase phase;
} Saved;

typedef struct {
    Saved saved;
    Work work;
    void *environment;
    void *logger;
    char *name;
} Instance;

/* Saved state as bytes: the token guards against another model. */
typedef struct {
    char token[sizeof MODEL_TOKEN];
    Saved saved;
} Serialized;

static Instance *make_instance(const char *name, const char *token)
{
    Instance *instance;
    if (token == NULL || strcmp(token, MODEL_TOKEN) != 0)
        return NULL;
    instance = calloc(1, sizeof *instance);
    if (instance == NULL)
        return NULL;
    name = name == NULL ? MODEL_NAME : name;
    instance->name = malloc(strlen(name) + 1);
    if (instance->name == NULL) {
        free(instance);
        return NULL;
    }
    strcpy(instance->name, name);
    reset_model(&instance->saved.model);
    return instance;
}

static void free_instance(Instance *instance)
{
    if (instance != NULL)
        free(instance->name);
    free(instance);
}

static void reset_instance(Instance *instance)
{
    memset(&instance->saved, 0, sizeof instance->saved);
    reset_model(&instance->saved.model);
}

/* Outputs before the first step follow the parameters set so far. */
static void refresh(Instance *instance)
{
    if (instance->saved.phase <= INITIALIZATION)
        start_model(&instance->saved.model);
}

static int may_set(const Instance *instance, const Variable *v)
{
    if (v == NULL || v->kind == OUTPUT)
        return 0;
    return v->kind != FIXED || instance->saved.phase <= INITIALIZATION;
}

/* Step; 0 when the length is not a time step, or the model is not ready for one. */
static int step_instance(Instance *instance, double duration)
{
    if (instance->saved.phase != STEPPING || !(duration >= 0.0 && duration <= LONGEST_STEP))
        return 0;
    step_model(&instance->saved.model, duration, &instance->work);
    return 1;
}

static int serialize(const Saved *saved, void *bytes, size_t size)
{
    if (size < sizeof(Serialized))
        return 0;
    memset(bytes, 0, sizeof(Serialized));
    memcpy(bytes, MODEL_TOKEN, sizeof MODEL_TOKEN);
    memcpy((char *)bytes + offsetof(Serialized, saved), saved, sizeof *saved);
    return 1;
}

/* Put serialized bytes into a state, made where there is none; 0 for the bytes of another model. */
static int deserialize(const void *bytes, size_t size, void **state)
{
    if (size < sizeof(Serialized) || memcmp(bytes, MODEL_TOKEN, sizeof MODEL_TOKEN) != 0)
        return 0;
    if (*state == NULL)
        *state = malloc(sizeof(Saved));
    if (*state == NULL)
        return 0;
    memcpy(*state, (const char *)bytes + offsetof(Serialized, saved), sizeof(Saved));
    return 1;
}
