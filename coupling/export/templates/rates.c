/* ---- rates: encounters, sticking, breakage, wetting ---- */

static double clamped_log_ratio(double log_size, double log_mean, const Parameters *p)
{
    return smaller(larger(log_size - log_mean, p->log_ratio_low), p->log_ratio_high);
}

static Conditions conditions_of(const State *state, double speed, const Parameters *p, const Work *work)
{
    Conditions c;
    const double log_mean = log_surface_mean(state, work);
    const double growth = (log_median(state, work) - p->log_feed_size) / p->log_growth_span;
    const double stage = smaller(larger(growth, 0.0), 1.0);
    const double moving = speed > 0.0 ? 1.0 : 0.0;
    const double log_speed = speed > 0.0 ? log(speed / p->reference_speed) : 0.0;
    const double encounter = p->encounter_speed_exponent * log_speed + p->encounter_state_slope * stage;
    const double hit = p->hit_speed_exponent * log_speed + p->hit_state_slope * stage;
    c.encounter_prefactor = moving * (p->encounter_scale * exp(encounter));
    c.log_critical = log(p->viscous_factor);
    c.log_pair_speed = p->log_pair_speed + p->pair_speed_exponent * log_speed + p->pair_state_slope * stage;
    c.log_two_mean = log(2.0) + log_mean;
    c.log_mean = log_mean;
    c.hit_prefactor = moving * (p->hit_scale * exp(hit));
    c.tip_speed = speed * p->tip_radius;
    c.least_hazard = c.log_critical - 2.0 * log(2.0) - c.log_pair_speed
                     - larger(p->pair_size_exponent * p->log_ratio_low, p->pair_size_exponent * p->log_ratio_high);
    c.certainly_low = exp(c.log_two_mean + p->log_ratio_low) * (1.0 - 1e-12);
    c.certainly_high = exp(c.log_two_mean + p->log_ratio_high) * (1.0 + 1e-12);
    return c;
}

/* Size factor of the encounters and wetness of every class. */
static void wet_and_size(const State *state, const Conditions *c, const Parameters *p, Work *work)
{
    for (int k = 0; k < CLASSES; k++) {
        const double surface = PI * work->diameter[k] * work->diameter[k] * state->content[NUMBER][k];
        const double film = state->content[NUMBER][k] > VANISHED ? state->content[EXTERNAL][k] / surface : 0.0;
        const double height = larger(p->film_thickness, film);
        const double ratio = clamped_log_ratio(work->log_diameter[k], c->log_mean, p);
        work->wet_share[k] = smaller(1.0, film / p->film_thickness);
        work->log_film[k] = log(larger(log(height / p->asperity_height), 1e-300));
        work->size_factor[k] = exp(p->encounter_size_exponent * ratio);
    }
}

/* Breakages per second of a granule: blade hits times the chance that the impact exceeds its strength. */
static double impact_selection(int k, const Conditions *c, const Parameters *p, const Work *work)
{
    const double volume = work->granule_volume[k];
    const double porosity = larger(1.0 - solid_volume[k] / volume, 1e-6);
    const double looseness = (1.0 - porosity) / porosity;
    const double breaking = p->strength_factor * volume / work->mass[k] * looseness * looseness;
    const double share = breaking / larger(c->tip_speed * p->blade_share_scale, 1e-30);
    const double survival = exp(-smaller(pow(smaller(share, 1e30), p->blade_share_shape), 700.0));
    const double ratio = clamped_log_ratio(work->log_diameter[k], c->log_mean, p);
    return c->hit_prefactor * exp(p->hit_size_exponent * ratio) * survival;
}

/* Absorption of every class, and its losses by breakage, nucleation, consolidation and drying. */
static void single_rates(const State *state, double liquid, const Conditions *c, const Parameters *p, Work *work)
{
    const double taken = liquid / p->drop_volume * p->nucleus_solids / work->solids;
    for (int k = 0; k < CLASSES; k++) {
        const double held = state->content[INTERNAL][k] + state->content[GAS][k];
        const double pores = state->content[NUMBER][k] > VANISHED ? held : 0.0;
        const double least = solid_volume[k] * state->content[NUMBER][k] * p->minimum_pore_ratio;
        work->selection[k] = breakable[k] > 0.0 ? breakable[k] * impact_selection(k, c, p, work) : 0.0;
        work->loss[k] = work->selection[k] + powder[k] * taken;
        work->absorption[k] = pores > 0.0 ? 1.0 / (p->absorption_time * pores) : 0.0;
        work->squeeze[k] = pores > 0.0 ? p->consolidation_rate * larger(0.0, 1.0 - least / pores) : 0.0;
        work->loss[k] += work->squeeze[k] + p->evaporation_speed / p->film_thickness;
    }
}

/* ln of the mean size ratio of a pair, clamped; saves the logarithm where the clamp is certain. */
static double pair_ratio(double distance, const Conditions *c, const Parameters *p)
{
    if (distance < c->certainly_low)
        return p->log_ratio_low;
    if (distance > c->certainly_high)
        return p->log_ratio_high;
    return clamped_log_ratio(log(distance), c->log_two_mean, p);
}

/* Share of the slow encounters: that of speeds below the critical one, which is 1 to the last bit above e^4. The sum of
 * two masses exceeds the mass of the larger granule i, and the distance is at most twice its diameter. */
static double slow_share(int i, int j, double distance, const Conditions *c, const Parameters *p, const Work *work)
{
    const double film = larger(work->log_film[i], work->log_film[j]);
    double log_mass, critical, scale, hazard;
    if (work->diameter[i] >= work->diameter[j]
        && p->pair_speed_shape * (c->least_hazard + film + work->log_inertia[j]) > 4.000001)
        return 1.0;
    log_mass = log((work->mass[i] + work->mass[j]) / (distance * distance));
    critical = c->log_critical + film + work->log_inertia[i] + work->log_inertia[j] + log_mass;
    scale = c->log_pair_speed + p->pair_size_exponent * pair_ratio(distance, c, p);
    hazard = p->pair_speed_shape * (critical - scale);
    return hazard > 4.0 ? 1.0 : 1.0 - exp(-exp(hazard));
}

/* Share of the encounters of two granules that bind. */
static double sticking(int i, int j, double distance, const Conditions *c, const Parameters *p, const Work *work)
{
    const double wet = work->wet_share[i] + work->wet_share[j] - work->wet_share[i] * work->wet_share[j];
    return p->efficiency * wet * slow_share(i, j, distance, c, p, work);
}

/* Rate of every pair over its numbers, and the loss it means for both classes. */
static void pair_rates(const State *state, const Conditions *c, const Parameters *p, Work *work)
{
    const double *number = state->content[NUMBER];
    for (int i = 0; i < CLASSES; i++) {
        double lost = 0.0;
        for (int j = 0; j <= i; j++) {
            double rate = 0.0;
            const int dry = !(work->wet_share[i] > 0.0) && !(work->wet_share[j] > 0.0);
            if (number[i] > VANISHED && number[j] > VANISHED && j < CLASSES - 1 && !dry) {
                const double distance = work->diameter[i] + work->diameter[j];
                const double volume = distance * distance * distance;
                const double constant = c->encounter_prefactor * volume * work->size_factor[i] * work->size_factor[j];
                rate = constant / work->solids * sticking(i, j, distance, c, p, work);
            }
            work->pair_rate[i][j] = rate;
            if (j < i) {
                lost += rate * number[j] * leaving[i][j];
                work->loss[j] += rate * number[i];
            } else {
                lost += rate * larger(number[i] - 1.0, 0.0);
            }
        }
        work->loss[i] += lost;
    }
}

/* Largest loss of a class, classes of less than a thousandth of the solids weighted down [1/s]. */
static double weighted_loss(const State *state, const Work *work)
{
    double weighted = 0.0;
    for (int k = 0; k < CLASSES; k++) {
        if (state->content[NUMBER][k] > VANISHED) {
            const double share = solid_volume[k] * state->content[NUMBER][k] / work->solids;
            weighted = larger(weighted, work->loss[k] * smaller(1.0, share / 1e-3));
        }
    }
    return weighted;
}

/* First pass: everything that depends on the state only; returns the weighted loss. */
static double prepare(const State *state, const double input[INPUTS], const Parameters *p, Work *work)
{
    Conditions c;
    describe_granules(state, p, work);
    if (!(work->solids > 0.0))
        return 0.0;
    c = conditions_of(state, input[SPEED], p, work);
    wet_and_size(state, &c, p, work);
    single_rates(state, input[SPRAY] / p->liquid_density, &c, p, work);
    pair_rates(state, &c, p, work);
    return weighted_loss(state, work);
}

/* No loss may take more than nine tenths of a class in one step of this length. */
static void limit_losses(double step, Work *work)
{
    for (int k = 0; k < CLASSES; k++)
        work->limit[k] = 0.9 / larger(step * work->loss[k], 0.9);
}
