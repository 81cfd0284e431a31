/* ---- change: from rates to the change of the state ---- */

/* Book one kind of merger: a larger granule that stays in its class grows, others are born in their cell. */
static void book_merger(int i, int j, double rate, const State *state, Work *work)
{
    const double *number = state->content[NUMBER];
    const double from_i = rate * number[j], from_j = rate * number[i];
    const int target = merge_target[i][j];
    work->drain[j] += from_j;
    if (target == i) {
        work->growth[0][i] += from_i;
        work->growth[1][i] += from_j * number[j] * solid_volume[j];
        for (int q = 1; q < QUANTITIES; q++)
            work->growth[q + 1][i] += from_j * state->content[q][j];
        return;
    }
    work->drain[i] += from_i;
    work->births[0][target] += from_i * number[i];
    work->births[1][target] += from_i * number[i] * (solid_volume[i] + solid_volume[j]);
    for (int q = 1; q < QUANTITIES; q++)
        work->births[q + 1][target] += from_i * state->content[q][i] + from_j * state->content[q][j];
}

/* Pool births by cell, growth and losses by class. */
static void merge(const State *state, Work *work)
{
    const double *number = state->content[NUMBER];
    memset(work->births, 0, sizeof work->births);
    memset(work->growth, 0, sizeof work->growth);
    memset(work->drain, 0, sizeof work->drain);
    for (int i = 0; i < CLASSES; i++) {
        const double limit = work->limit[i];
        const double within = work->pair_rate[i][i] * limit * limit * larger(number[i] - 1.0, 0.0);
        const int target = merge_target[i][i];
        for (int j = 0; j < i; j++) {
            const double rate = work->pair_rate[i][j] * limit * work->limit[j];
            if (rate > 0.0)
                book_merger(i, j, rate, state, work);
        }
        work->drain[i] += within;
        work->births[0][target] += 0.5 * within * number[i];
        work->births[1][target] += within * number[i] * solid_volume[i];
        for (int q = 1; q < QUANTITIES; q++)
            work->births[q + 1][target] += within * state->content[q][i];
    }
}

/* Cell average: births and growth of a cell move to a neighbour as far as their mean lies off the pivot. */
static void share_births(const State *state, Work *work, State *change)
{
    for (int k = 0; k < CLASSES; k++) {
        const double *number = state->content[NUMBER];
        const double born = work->births[1][k] - work->births[0][k] * solid_volume[k];
        const double excess = k < CLASSES - 1 ? born + work->growth[1][k] : smaller(born, 0.0);
        const int other = excess > 0.0 || k == 0 ? k + 1 : k - 1;
        const double step = solid_volume[other] - solid_volume[k];
        const double moved = larger(excess / step, 0.0);
        const double of_births = smaller(larger(born / step, 0.0), moved);
        const double pool = work->growth[0][k] * number[k] * solid_volume[k] + work->growth[1][k];
        const double birth_part = work->births[1][k] > 0.0 ? of_births * solid_volume[other] / work->births[1][k] : 0.0;
        const double growth_part = pool > 0.0 ? (moved - of_births) * solid_volume[other] / pool : 0.0;
        change->content[NUMBER][k] += work->births[0][k] - moved;
        change->content[NUMBER][other] += moved;
        for (int q = 1; q < QUANTITIES; q++) {
            const double gained = work->growth[q + 1][k];
            const double grown = work->growth[0][k] * state->content[q][k] + gained;
            const double carried = birth_part * work->births[q + 1][k] + growth_part * grown;
            change->content[q][k] += work->births[q + 1][k] + gained - carried;
            change->content[q][other] += carried;
        }
    }
}

/* What lies above the grid goes to the top class, solids kept. */
static void fill_top(const Work *work, State *change)
{
    const int top = CLASSES - 1;
    change->content[NUMBER][top] += (work->births[1][CLASSES] + work->growth[1][top]) / solid_volume[top];
    for (int q = 1; q < QUANTITIES; q++)
        change->content[q][top] += work->births[q + 1][CLASSES];
}

/* Break granules into two; liquids and gas follow the solid volume. */
static void shatter(const State *state, const Work *work, State *change)
{
    for (int k = 0; k < CLASSES; k++) {
        const double rate = work->selection[k] * work->limit[k];
        if (!(rate * state->content[NUMBER][k] > 0.0))
            continue;
        for (int q = 0; q < QUANTITIES; q++)
            change->content[q][k] -= rate * state->content[q][k];
        for (int j = 0; j <= k; j++) {
            const double daughters = fragments[k][j];
            const double part = daughters * solid_volume[j] / solid_volume[k];
            change->content[NUMBER][j] += rate * state->content[NUMBER][k] * daughters;
            for (int q = 1; q < QUANTITIES; q++)
                change->content[q][j] += rate * state->content[q][k] * part;
        }
    }
}

/* Share nuclei and what they hold between two pivots; `held` by quantity, the number first. */
static void book_nuclei(const double held[QUANTITIES], State *change)
{
    const int low = nucleus_class;
    const double below = nucleus_number * solid_volume[low], above = nucleus_number_above * solid_volume[low + 1];
    const double part = above / (below + above);
    change->content[NUMBER][low] += nucleus_number * held[NUMBER];
    change->content[NUMBER][low + 1] += nucleus_number_above * held[NUMBER];
    for (int q = 1; q < QUANTITIES; q++) {
        change->content[q][low] += (1.0 - part) * held[q];
        change->content[q][low + 1] += part * held[q];
    }
}

/* Coat granules and turn powder into nuclei; `liquid` is the spray [m3/s]. */
static void spray_on(const State *state, double liquid, const Parameters *p, const Work *work, State *change)
{
    const double taken = liquid / p->drop_volume * p->nucleus_solids / work->solids;
    double held[QUANTITIES] = { 0.0, 0.0, 0.0, 0.0 };
    for (int k = 0; k < CLASSES; k++) {
        const double met = liquid * solid_volume[k] * state->content[NUMBER][k] / work->solids;
        const double share = powder[k] * work->limit[k], lost = taken * share, drops = met * share;
        const double inside = smaller(drops, lost * state->content[GAS][k]);
        held[NUMBER] += drops / p->drop_volume;
        held[INTERNAL] += lost * state->content[INTERNAL][k] + inside;
        held[EXTERNAL] += lost * state->content[EXTERNAL][k] + drops - inside;
        held[GAS] += lost * state->content[GAS][k] - inside;
        for (int q = 0; q < QUANTITIES; q++)
            change->content[q][k] -= lost * state->content[q][k];
        change->content[EXTERNAL][k] += met - drops;
    }
    book_nuclei(held, change);
}

/* Take liquid off wet surfaces. */
static void evaporate(const State *state, const Parameters *p, const Work *work, State *change)
{
    for (int k = 0; k < CLASSES; k++) {
        const double size = work->diameter[k];
        const double surface = work->wet_share[k] * PI * size * size * state->content[NUMBER][k];
        change->content[EXTERNAL][k] -= p->evaporation_speed * surface * work->limit[k];
    }
}

/* Squeeze liquid and gas out of pores. */
static void squeeze_out(const State *state, const Work *work, State *change)
{
    for (int k = 0; k < CLASSES; k++) {
        const double squeezed = work->squeeze[k] * work->limit[k];
        const double wrung = squeezed * state->content[INTERNAL][k];
        change->content[EXTERNAL][k] += wrung;
        change->content[INTERNAL][k] -= wrung;
        change->content[GAS][k] -= squeezed * state->content[GAS][k];
    }
}

/* Absorb surface liquid into pores, implicitly over a step [s] and after all else. */
static void soak_in(const State *state, double step, const Work *work, State *change)
{
    for (int k = 0; k < CLASSES; k++) {
        const double rate = work->absorption[k] * state->content[GAS][k];
        const double film = state->content[EXTERNAL][k] + step * change->content[EXTERNAL][k];
        double absorbed = rate * film / (1.0 + step * rate);
        absorbed = smaller(absorbed, 0.9 * (state->content[GAS][k] / step + change->content[GAS][k]));
        change->content[EXTERNAL][k] -= absorbed;
        change->content[INTERNAL][k] += absorbed;
        change->content[GAS][k] -= absorbed;
    }
}

/* Second pass: the change of the state per second over a step [s]. */
static void change_of(const State *state, double step, double spray, const Parameters *p, Work *work, State *change)
{
    memset(change, 0, sizeof *change);
    if (!(work->solids > 0.0))
        return;
    merge(state, work);
    share_births(state, work, change);
    fill_top(work, change);
    for (int q = 0; q < QUANTITIES; q++)
        for (int k = 0; k < CLASSES; k++)
            change->content[q][k] -= work->drain[k] * state->content[q][k];
    shatter(state, work, change);
    spray_on(state, spray / p->liquid_density, p, work, change);
    evaporate(state, p, work, change);
    squeeze_out(state, work, change);
    soak_in(state, step, work, change);
}
