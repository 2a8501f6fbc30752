#!/bin/sh
# Runs the demo: a ledger with invented reports, and Anna's desk beside it. Ctrl-C ends both.
#
# usage: demo.sh BIN DIR
#
# BIN is the folder of the programs, DIR that of the demo.
set -eu
bin=$1 dir=$2
anna="--identity $dir/trustees/anna.key --passphrase-file $dir/trustees/anna.pass"

"$bin/zapisd" demo --dir "$dir" & server=$!
trap 'kill "$server" 2>/dev/null; wait "$server"' EXIT
trap 'exit 0' INT TERM

# The carry file is written once the reports are filed and the server answers; a demo that ends before has said why.
carry="$dir/carry-for-the-desk.tar"
rm -f "$carry"
until grep -q '"reports":40' "$dir/demo.json" 2>/dev/null && "$bin/zapisd" export --dir "$dir" --out "$carry" >/dev/null 2>&1; do
	kill -0 "$server" 2>/dev/null || exit 1
	sleep 1
done
"$bin/zapis" import --vault "$dir/anna-vault" --ledger "$(cat "$dir/ledger.card")" $anna "$carry" >/dev/null
echo
echo "Anna's desk, with these reports; open this address in a browser on this computer:"
"$bin/zapis-desk" --vault "$dir/anna-vault" $anna
