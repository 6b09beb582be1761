"""Side-by-side measurements; run by hand, compared as ratios within one run."""
