import os

from buildopt.deployment import environment_name, machine_class


def test_the_settings_decide_then_opentelemetry_then_what_ci_systems_set():
    told = {"OTEL_RESOURCE_ATTRIBUTES": "a=b, deployment.environment.name=staging", "CI": "1"}

    assert environment_name(told, "here") == "here"
    assert environment_name(told) == "staging"
    assert environment_name({"CI": "true", "OTEL_RESOURCE_ATTRIBUTES": "a=b"}) == "ci"
    assert environment_name({"CI": "false"}) == "development"
    assert environment_name({}) == "development"


def test_machines_of_a_class_have_as_many_processors():
    assert machine_class().endswith(f"-{os.cpu_count()}")
    assert machine_class("build-box") == "build-box"
