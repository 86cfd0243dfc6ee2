#!/bin/sh
# What Testcontainers' modules run, where LocalStack has its own, without arguments. The program
# reads the environment itself, also names that begin with LOCALSTACK_.
exec cumulet "$@"
