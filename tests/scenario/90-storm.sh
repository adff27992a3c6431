#!/bin/bash
# Goal: three docking storms of known seeds leave nothing lost, doubled, damaged or left over;
# `make storm` is for more of them.
STORMS=3 SEED=18 exec "$(dirname "$0")/../storm/run"
