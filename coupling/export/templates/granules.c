/* ---- granules: from the state to sizes and masses ---- */

static double smaller(double first, double second) { return second < first ? second : first; }
static double larger(double first, double second) { return second > first ? second : first; }

/* Volume, diameter, mass and inertia of every class; an empty class has the feed's pores. */
static void describe_granules(const State *state, const Parameters *p, Work *work)
{
    const double feed_ratio = p->feed_porosity / (1.0 - p->feed_porosity);
    double solids = 0.0;
    for (int k = 0; k < CLASSES; k++) {
        const double number = state->content[NUMBER][k], solid = solid_volume[k];
        double pores = feed_ratio * solid, liquid = 0.0;
        if (number > VANISHED) {
            pores = (state->content[INTERNAL][k] + state->content[GAS][k]) / number;
            liquid = (state->content[INTERNAL][k] + state->content[EXTERNAL][k]) / number;
        }
        work->granule_volume[k] = solid + pores;
        work->log_diameter[k] = log(6.0 / PI * (solid + pores)) / 3.0;
        work->diameter[k] = exp(work->log_diameter[k]);
        work->mass[k] = p->solid_density * solid + p->liquid_density * liquid;
        work->log_inertia[k] = 2.0 * work->log_diameter[k] - log(work->mass[k]);
        work->limit[k] = 1.0;
        solids += solid * number;
    }
    work->solids = solids;
}

/* ln d32. */
static double log_surface_mean(const State *state, const Work *work)
{
    double cubes = 0.0, squares = 0.0;
    for (int k = 0; k < CLASSES; k++) {
        const double size = work->diameter[k];
        cubes += state->content[NUMBER][k] * size * size * size;
        squares += state->content[NUMBER][k] * size * size;
    }
    return log(cubes / squares);
}

/* ln d50 by granule volume, linear in ln d inside a class whose edges carry the mean pore ratio. */
static double log_median(const State *state, const Work *work)
{
    double granules = 0.0, solids = 0.0, log_size = 0.0, below = 0.0;
    for (int k = 0; k < CLASSES; k++) {
        granules += work->granule_volume[k] * state->content[NUMBER][k];
        solids += solid_volume[k] * state->content[NUMBER][k];
    }
    for (int k = 0; k < CLASSES; k++) {
        const double volume = work->granule_volume[k] * state->content[NUMBER][k];
        if (below < 0.5 * granules && volume > 0.0) {
            const double low = log_edge_diameter[k], high = log_edge_diameter[k + 1];
            log_size = low + (high - low) * smaller((0.5 * granules - below) / volume, 1.0);
        }
        below += volume;
    }
    return log_size + log(granules / solids) / 3.0;
}
