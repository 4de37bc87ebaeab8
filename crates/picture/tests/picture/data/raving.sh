#!/bin/sh
# A worker that answers every request in no known language.
while read -r request; do
    echo "hello"
done
