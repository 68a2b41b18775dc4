"""Learns how a series usually is, and tells when it is otherwise, or that it cannot tell yet.

    robust, ranks, quantiles         numbers that a few wild values cannot move
    segmentation, contrast, pruning  what `changepoints` is made of
    changepoints                     where the level of a series of builds moved
    large_step, regression           the same asked after each build: suspected, confirmed
    incidents, recurrence            when a sampled metric leaves its usual range
    seasonality                      how the time of day moves a metric, once there are days enough
    ratios                           hit and error rates: no verdict below a minimum count
    trend, forecast                  where a metric is heading, when a limit is reached
    learning                         percentiles, warm-up, the smallest change a series can show
    verdicts                         the detectors over a whole series, as the command prints it

Pure: no clock, no file, no event. What is learnt from is an argument, what was found is returned.
"""
