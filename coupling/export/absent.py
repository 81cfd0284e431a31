"""Functions of FMI 3.0 that an importer looks up and a plain co-simulation has no use for.

Each row: name, argument types after the instance, and the answer: an error, success for an empty request, or none.
"""

from __future__ import annotations

_REFERENCES = ["const fmi3ValueReference *", "size_t"]
_TYPES = ("Float32", "Int8", "UInt8", "Int16", "UInt16", "UInt32", "Int64", "UInt64", "Boolean", "String")
_COUNTED = "size_t"
_INSTANTIATE = ["fmi3String", "fmi3String", "fmi3String", "fmi3Boolean", "fmi3Boolean", "fmi3InstanceEnvironment"]

Row = tuple[str, list[str], str]


def absent_functions() -> list[Row]:
    """All rows, in the order of the sources."""
    return [*_accessors(), *_clocks(), *_dependencies(), *_model_exchange(), *_others()]


def _accessors() -> list[Row]:
    reading: list[Row] = [(f"Get{kind}", [*_REFERENCES, f"fmi3{kind} *", _COUNTED], "empty") for kind in _TYPES]
    writing: list[Row] = [
        (f"Set{kind}", [*_REFERENCES, f"const fmi3{kind} *", _COUNTED], "empty") for kind in (*_TYPES, "Int32")
    ]
    binary: list[Row] = [
        ("GetBinary", [*_REFERENCES, "size_t *", "fmi3Binary *", _COUNTED], "empty"),
        ("SetBinary", [*_REFERENCES, "const size_t *", "const fmi3Binary *", _COUNTED], "empty"),
    ]
    return [*reading, *writing, *binary]


def _clocks() -> list[Row]:
    counters = ["const fmi3UInt64 *", "const fmi3UInt64 *"]
    return [
        ("GetClock", [*_REFERENCES, "fmi3Clock *"], "empty"),
        ("SetClock", [*_REFERENCES, "const fmi3Clock *"], "empty"),
        ("GetIntervalDecimal", [*_REFERENCES, "fmi3Float64 *", "fmi3IntervalQualifier *"], "empty"),
        (
            "GetIntervalFraction",
            [*_REFERENCES, "fmi3UInt64 *", "fmi3UInt64 *", "fmi3IntervalQualifier *"],
            "empty",
        ),
        ("GetShiftDecimal", [*_REFERENCES, "fmi3Float64 *"], "empty"),
        ("GetShiftFraction", [*_REFERENCES, "fmi3UInt64 *", "fmi3UInt64 *"], "empty"),
        ("SetIntervalDecimal", [*_REFERENCES, "const fmi3Float64 *"], "empty"),
        ("SetIntervalFraction", [*_REFERENCES, *counters], "empty"),
        ("SetShiftDecimal", [*_REFERENCES, "const fmi3Float64 *"], "empty"),
        ("SetShiftFraction", [*_REFERENCES, *counters], "empty"),
        ("ActivateModelPartition", ["fmi3ValueReference", "fmi3Float64"], "error"),
    ]


def _dependencies() -> list[Row]:
    derivative = [*_REFERENCES, *_REFERENCES, "const fmi3Float64 *", _COUNTED, "fmi3Float64 *", _COUNTED]
    found = ["size_t *", "fmi3ValueReference *", "size_t *", "fmi3DependencyKind *", _COUNTED]
    return [
        ("GetNumberOfVariableDependencies", ["fmi3ValueReference", "size_t *"], "error"),
        ("GetVariableDependencies", ["fmi3ValueReference", *found], "error"),
        ("GetDirectionalDerivative", derivative, "error"),
        ("GetAdjointDerivative", derivative, "error"),
        ("GetOutputDerivatives", [*_REFERENCES, "const fmi3Int32 *", "fmi3Float64 *", _COUNTED], "error"),
    ]


def _model_exchange() -> list[Row]:
    update = [*["fmi3Boolean *"] * 5, "fmi3Float64 *"]
    return [
        ("EnterEventMode", [], "error"),
        ("EnterContinuousTimeMode", [], "error"),
        ("EvaluateDiscreteStates", [], "error"),
        ("UpdateDiscreteStates", update, "error"),
        ("CompletedIntegratorStep", ["fmi3Boolean", "fmi3Boolean *", "fmi3Boolean *"], "error"),
        ("SetTime", ["fmi3Float64"], "error"),
        ("SetContinuousStates", ["const fmi3Float64 *", _COUNTED], "error"),
        ("GetContinuousStateDerivatives", ["fmi3Float64 *", _COUNTED], "error"),
        ("GetEventIndicators", ["fmi3Float64 *", _COUNTED], "error"),
        ("GetContinuousStates", ["fmi3Float64 *", _COUNTED], "error"),
        ("GetNominalsOfContinuousStates", ["fmi3Float64 *", _COUNTED], "error"),
        ("GetNumberOfEventIndicators", ["size_t *"], "error"),
        ("GetNumberOfContinuousStates", ["size_t *"], "error"),
    ]


def _others() -> list[Row]:
    callbacks = ["fmi3LogMessageCallback", "void *", "void *", "void *"]
    return [
        ("InstantiateModelExchange", [*_INSTANTIATE, "fmi3LogMessageCallback"], "NULL"),
        ("InstantiateScheduledExecution", [*_INSTANTIATE, *callbacks], "NULL"),
        ("EnterConfigurationMode", [], "error"),
        ("ExitConfigurationMode", [], "error"),
        ("EnterStepMode", [], "error"),
    ]
