#!/bin/bash
# Goal: three docking storms of known seeds leave nothing lost, doubled, damaged or left over;
# `make storm` is for more of them.
# Takes 20 s
STORMS=3 SEED=18 exec "$(dirname "$0")/../storm/run"
