"""The rules of Prometheus, from tables: two objectives with their burn rates, and an alert per cause.

objectives, alerts -> rules -> kairos.rules.yml
"""
