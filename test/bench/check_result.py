#!/usr/bin/python3
"""Checks the form of a benchmark's JSON: check_result.py FILE CASE..."""

import json
import statistics
import sys


def check_case(case):
    assert set(case) == {"name", "program", "sizes", "time", "peers", "left_out"}, case
    assert not set(case["peers"]) & set(case["left_out"]), case["name"]
    ours = case["peers"]["hpcc"]["median"]
    for name, peer in case["peers"].items():
        assert len(peer["seconds"]) == 2 and min(peer["seconds"]) >= 0, name
        assert peer["least"] <= peer["median"] <= peer["most"], name
        assert peer["median"] == statistics.median(peer["seconds"]), name
        assert not ours or peer["ratio"] == peer["median"] / ours, name


def main():
    path, *names = sys.argv[1:]
    with open(path) as file:
        result = json.load(file)
    assert result["format"] == 1 and result["quick"] and result["rounds"] == 2
    assert result["date"] and result["machine"]["cpu"] and result["machine"]["cores"] > 0
    assert {"hpcc", "gcc", "clang", "python", "numba", "c_flags"} == set(result["versions"])
    assert result["versions"]["hpcc"] and "NumPy" in result["versions"]["python"]
    assert [case["name"] for case in result["cases"]] == names
    for case in result["cases"]:
        check_case(case)
    heat = result["cases"][0]
    assert {"hpcc", "gcc", "numpy"} <= set(heat["peers"]) and "numba" in heat["left_out"]


if __name__ == "__main__":
    main()
