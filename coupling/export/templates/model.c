/* ---- model: parameters, start, step ---- */

/* Hold a value within its limits; what is no number becomes `held`. Returns 1 when the value was changed. */
static int clean(double *value, double low, double high, double held)
{
    const double given = *value;
    if (given != given)
        *value = held;
    else if (given < low)
        *value = low;
    else if (given > high)
        *value = high;
    return !(given == *value);
}

static void take_input(Model *model, int which, double value)
{
    model->input_clamped[which] = clean(&value, input_limits[which][0], input_limits[which][1], model->input[which]);
    model->input[which] = value;
}

/* Parameters with the corrections of the batch. */
static Parameters tuned(int law, const Settings *settings)
{
    Parameters p = laws[law];
    p.encounter_scale = settings->kernel_scale * p.encounter_scale;
    p.efficiency = settings->efficiency;
    p.hit_scale = settings->breakage_scale * p.hit_scale;
    return p;
}

/* Values, errors and flag of the present state. */
static void read_model(Model *model, int flag)
{
    double value[LAWS][VALUES];
    const Parameters best = tuned(0, &model->settings);
    for (int law = 0; law < LAWS; law++)
        read_state(&model->state[law], &best, value[law]);
    memcpy(model->value, value[0], sizeof model->value);
    standard_errors(model->value, value, model->error);
    model->flag = flag | state_flags(&model->state[0], model->value, model->input[SPEED], &best);
}

/* Feed fractions of which at least one is positive; returns their sum. */
static double total_feed(Model *model)
{
    double total = 0.0;
    for (int k = 0; k < CLASSES; k++)
        total += model->settings.feed_fraction[k];
    if (total > 0.0)
        return total;
    model->settings_clamped = 1;
    memcpy(model->settings.feed_fraction, default_settings.feed_fraction, sizeof default_settings.feed_fraction);
    for (int k = 0; k < CLASSES; k++)
        total += model->settings.feed_fraction[k];
    return total;
}

/* Put the feed of the settings into every state, and read it. */
static void start_model(Model *model)
{
    const Parameters *p = &laws[0];
    const double total = total_feed(model), volume = model->settings.charge / p->solid_density;
    const double pore_ratio = p->feed_porosity / (1.0 - p->feed_porosity);
    const double liquid_ratio = model->settings.feed_moisture * p->solid_density / p->liquid_density;
    for (int k = 0; k < CLASSES; k++) {
        const double solids = volume * (model->settings.feed_fraction[k] / total);
        const double pores = pore_ratio * solids, liquid = liquid_ratio * solids, inside = smaller(liquid, pores);
        for (int law = 0; law < LAWS; law++) {
            model->state[law].content[NUMBER][k] = solids / solid_volume[k];
            model->state[law].content[INTERNAL][k] = inside;
            model->state[law].content[EXTERNAL][k] = liquid - inside;
            model->state[law].content[GAS][k] = pores - inside;
        }
    }
    read_model(model, model->settings_clamped ? VALUE_CLAMPED : 0);
}

/* Defaults, before anything is set. */
static void reset_model(Model *model)
{
    memset(model, 0, sizeof *model);
    model->settings = default_settings;
    memcpy(model->input, input_start, sizeof model->input);
    start_model(model);
}

static int is_finite(const State *state)
{
    double sum = 0.0; /* of zeros, unless a content is infinite or not a number */
    for (int q = 0; q < QUANTITIES; q++)
        for (int k = 0; k < CLASSES; k++)
            sum += 0.0 * state->content[q][k];
    return sum == 0.0;
}

/* Step one state through whole intervals; returns the flags of the integration. */
static int step_state(State *state, const double input[INPUTS], double duration, const Parameters *p, Work *work)
{
    const State before = *state;
    const double intervals = larger(ceil(duration / interval - 1e-9), 1.0), length = duration / intervals;
    int flag = 0;
    for (double done = 0.0; done < intervals; done += 1.0)
        flag |= fixed_rule(state, length, input, p, work) ? STEP_BOUND : 0;
    if (is_finite(state))
        return flag;
    *state = before;
    return flag | STATE_HELD;
}

/* Move on by `duration` [s] at the present inputs, and read. */
static void step_model(Model *model, double duration, Work *work)
{
    const double speed = model->input[SPEED];
    int flag = model->settings_clamped ? VALUE_CLAMPED : 0;
    flag |= model->input_clamped[SPEED] || model->input_clamped[SPRAY] ? VALUE_CLAMPED : 0;
    flag |= speed > 0.0 && !(speed_range[0] <= speed && speed <= speed_range[1]) ? SPEED_OUTSIDE : 0;
    flag |= model->input[SPRAY] > spray_limit ? SPRAY_OUTSIDE : 0;
    for (int law = 0; law < LAWS; law++) {
        const Parameters p = tuned(law, &model->settings);
        flag |= step_state(&model->state[law], model->input, duration, &p, work);
    }
    model->time += duration;
    read_model(model, flag);
}
