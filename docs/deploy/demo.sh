#!/bin/sh
# Runs the demo: a ledger with invented reports, and Anna's desk beside it. Ctrl-C ends both; a desk that is closed leaves the
# form open. Where the server ends by itself, the desk ends too, and the exit status is 1.
#
# usage: demo.sh BIN DIR HOST:PORT
#
# BIN is the folder of the programs, DIR that of the demo, and HOST:PORT is where the form is served.
set -eu
bin=$1 dir=$2 listen=$3
anna="--identity $dir/trustees/anna.key --passphrase-file $dir/trustees/anna.pass"

server='' desk=''
# The shell keeps Ctrl-C from what runs in the background, so both are ended here.
end() {
	trap - EXIT
	kill $desk $server 2>/dev/null || true
	wait
}
trap end EXIT
trap 'exit 0' INT TERM
runs() { kill -0 "$1" 2>/dev/null; }
"$bin/zapisd" demo --dir "$dir" --listen "$listen" & server=$!

# The carry file is written once the reports are filed and the server answers; a demo that ends before has said why.
carry="$dir/carry-for-the-desk.tar"
rm -f "$carry"
until grep -q '"reports":40' "$dir/demo.json" 2>/dev/null && "$bin/zapisd" export --dir "$dir" --out "$carry" >/dev/null 2>&1; do
	runs "$server" || exit 1
	sleep 1
done
"$bin/zapis" import --vault "$dir/anna-vault" --ledger "$(cat "$dir/ledger.card")" $anna "$carry" >/dev/null
echo
echo "Anna's desk, with these reports; open this address in a browser on this computer:"
"$bin/zapis-desk" --vault "$dir/anna-vault" $anna & desk=$!
while runs "$server" && runs "$desk"; do sleep 1; done
if runs "$server"; then
	desk=''
	echo 'The desk is closed. The form goes on; Ctrl-C ends it.'
	wait "$server" || true
fi
echo 'demo.sh: the server of the demo has ended, and with it the form and the desk' >&2
exit 1
