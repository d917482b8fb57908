"""LTI Advantage services, which every platform offers: names and roles, grades, groups."""
