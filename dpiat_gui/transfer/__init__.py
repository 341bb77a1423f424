"""The only place that touches weights: the plan, its execution, coverage and export."""
