/* ---- integration by a fixed rule ---- */

/* trial = state + step (first k1 + second k2) */
static void blend(const State *state, double step, double first, double second, Work *work)
{
    for (int q = 0; q < QUANTITIES; q++)
        for (int k = 0; k < CLASSES; k++) {
            const double slope = first * work->rate[0].content[q][k] + second * work->rate[1].content[q][k];
            work->trial.content[q][k] = state->content[q][k] + step * slope;
        }
}

/* Take the trial over; a class of vanishing number becomes empty. */
static void settle(State *state, const State *trial)
{
    for (int k = 0; k < CLASSES; k++) {
        const int kept = trial->content[NUMBER][k] > VANISHED;
        for (int q = 0; q < QUANTITIES; q++)
            state->content[q][k] = kept ? trial->content[q][k] : 0.0;
    }
}

/* Heun's method with losses limited, over `duration` [s]; tells whether the bound on the steps forced a longer one. */
static int fixed_rule(State *state, double duration, const double input[INPUTS], const Parameters *p, Work *work)
{
    double rest = duration;
    int taken = 0, forced = 0;
    while (rest > 0.0) {
        const double loss = prepare(state, input, p, work);
        const double wanted = smaller(longest_step, step_share / larger(loss, 1e-300));
        const double needed = rest / (most_steps - taken);
        const double step = smaller(rest, larger(wanted, needed));
        forced = forced || needed > wanted;
        limit_losses(step, work);
        change_of(state, step, input[SPRAY], p, work, &work->rate[0]);
        blend(state, step, 1.0, 0.0, work);
        prepare(&work->trial, input, p, work);
        limit_losses(step, work);
        change_of(&work->trial, step, input[SPRAY], p, work, &work->rate[1]);
        blend(state, step, 0.5, 0.5, work);
        settle(state, &work->trial);
        rest = step >= rest ? 0.0 : rest - step;
        taken++;
    }
    return forced;
}
