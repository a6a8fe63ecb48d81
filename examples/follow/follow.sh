#!/bin/sh
# Follows a configuration on `holdfast serve` with curl. HOLDFAST_SERVER and HOLDFAST_TOKEN say where and as whom.
base=${HOLDFAST_SERVER:-http://127.0.0.1:7420}/api/v1/namespaces/default

# The token goes in by standard input: an argument would stand in the list of processes.
get() {
  printf 'header = "Authorization: Bearer %s"\n' "$HOLDFAST_TOKEN" |
    curl --silent --show-error --fail --config - "$@"
}

show() {
  value=$(get "$base/config/server/log_level") && echo "log_level is $value" | tr -d '"'
}

while :; do
  # First the version, then the value: what changes between the two comes with the stream. After a break both are read
  # anew, so that nothing is missed.
  since=$(get --head "$base/config" | tr -d '\r' | sed -n 's/^[Hh]oldfast-[Vv]ersion: //p')
  show
  get --no-buffer "$base/watch?since=$since" | while IFS= read -r line; do
    case $line in
      'event: change' | 'event: reset') show ;;
    esac
  done
  sleep 1
done
