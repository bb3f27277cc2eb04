"""Dashboards of Grafana, from tables of views: one for who operates Kairos, one for lifecycle teams.

views -> panels -> operators.json, lifecycle.json
"""
