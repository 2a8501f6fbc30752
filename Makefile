# Zapis. `make` alone prints what can be asked for.

PROGRAMS  := zapisd zapis zapis-verify zapis-desk zapis-duty
# Those that a trustee or a lawyer runs, whatever their computer is.
PORTABLE  := $(filter-out zapisd,$(PROGRAMS))
# nodynamic: no decoder loads a library of the system's (docs/media.md).
# One set of flags for all that is compiled without the race detector, so that the build cache serves it all.
PLAIN     := CGO_ENABLED=0 GOFLAGS='-trimpath -buildvcs=false -tags=nodynamic'
# -w: without the tables of a debugger, which take nearly half of the time to link. A panic's trace does not need them.
GOBUILD   := $(PLAIN) go build -ldflags=-w
# What a trustee's or a lawyer's computer may be. make test builds for one machine of each system.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
CI_PLATFORMS := darwin/arm64 windows/amd64

# Where Debian keeps nginx and tor; not everybody's shell looks there.
export PATH := $(PATH):/usr/sbin

# Commands that the printed lines of the demo run, and those that the tests run
# beside them, each with the Debian package that has it.
DEMO_TOOLS := unzip:unzip ssh-keygen:openssh-client sha256sum:coreutils
TEST_TOOLS := $(DEMO_TOOLS) chromium:chromium firefox-esr:firefox-esr python3:python3 \
              openssl:openssl strace:strace tar:tar gcc:gcc,libc6-dev \
              qpdf:qpdf pdftotext:poppler-utils pdftoppm:poppler-utils zbarimg:zbar-tools \
              faketime:faketime systemd-analyze:systemd tor:tor dbus-daemon:dbus-daemon nginx:nginx-light caddy:caddy npm:npm node:nodejs \
              mkfs.ext4:e2fsprogs losetup:mount /usr/lib/postgresql/*/bin/postgres:postgresql

.PHONY: short mutants conformance dist packages-test vet-all help build demo demo-tools test test-tools format vet staticcheck cross page go-test go-test-race go-test-separate bench flips load faults screenshots clean

help:
	@echo 'make demo    build everything, then run a ledger with invented reports on http://127.0.0.1:8080 (PORT=…), and a desk'
	@echo 'make test    install what the tests need, then check the format, vet, staticcheck, build, test'
	@echo 'make short   the tests that go test -short runs, quickest'
	@echo 'make build   bin/zapisd, bin/zapis, bin/zapis-verify, bin/zapis-desk, bin/zapis-duty'
	@echo 'make cross   bin/SYSTEM/MACHINE/, the programs for every system that a trustee or a lawyer may have'
	@echo 'make vet-all go vet for each of them'
	@echo 'make page    bin/verify.html, the same checker as one page for a browser'
	@echo 'make dist    a release in dist/: archives, Debian packages, hashes (SIGN=key signs them with an SSH key)'
	@echo 'make packages-test  the Debian packages in a chroot: install, serve, upgrade, remove, purge'
	@echo 'make bench   the benchmarks, as one table, and the plot docs/growth.svg'
	@echo 'make flips   every bit of a bundle of a mebibyte turned: each is found'
	@echo 'make load    reports a second, memory, slow sockets and traces, at full size'
	@echo 'make faults  kill -9, turned bits and losses of power, 10,000 of each'
	@echo 'make conformance  the tests of the ledger on PostgreSQL too'
	@echo 'make mutants  break lines that compare hashes, signatures, thresholds and consents: a test must fail'
	@echo 'make screenshots  take the pictures of docs/screenshots again'
	@echo 'make clean   remove bin/, demo/ and dist/'

bin:
	@mkdir -p bin && printf '*\n' > bin/.gitignore

# A line every ten seconds says that the compiler still works: the first build takes minutes.
build: bin
	@for p in $(PROGRAMS); do \
		echo "building bin/$$p"; \
		( n=10; while sleep 10; do echo "  still building bin/$$p, $$n seconds"; n=$$((n+10)); done ) & beat=$$!; \
		$(GOBUILD) -o bin/$$p ./cmd/$$p; done=$$?; \
		kill $$beat 2>/dev/null; wait $$beat 2>/dev/null; \
		[ $$done = 0 ] || exit 1; \
	done

# Where nothing can be installed, the demo runs all the same, but for two of the lines that it prints.
PORT := 8080
demo: build
	@$(MAKE) -s demo-tools || echo 'without unzip and ssh-keygen, the printed lines that run them will fail'
	@sh docs/deploy/demo.sh bin ./demo 127.0.0.1:$(PORT)

# The tests come last, so that their closing lines are the last ones printed.
test: PLATFORMS := $(CI_PLATFORMS)
test: test-tools format vet staticcheck build cross page go-test

demo-tools: NEEDED := $(DEMO_TOOLS)
test-tools: NEEDED := $(TEST_TOOLS)
demo-tools test-tools:
	@missing=; PATH=$$PATH:/usr/sbin:/sbin; \
	for n in $(NEEDED); do command -v $${n%%:*} >/dev/null 2>&1 || missing="$$missing $${n##*:}"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "installing:$$missing"; \
	as=; if [ "$$(id -u)" != 0 ]; then as=sudo; fi; \
	case "$$missing" in *postgresql*) $$as mkdir -p /etc/postgresql-common && \
		echo 'create_main_cluster = false' | $$as tee -a /etc/postgresql-common/createcluster.conf >/dev/null;; esac; \
	$$as apt-get update -q && \
	$$as env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$(echo $$missing | tr , ' ')

format:
	@found=$$(gofmt -l cmd crypto store web internal) || exit 1; \
	if [ -n "$$found" ]; then echo "not formatted (gofmt -w mends it):"; echo "$$found"; exit 1; fi

vet:
	$(PLAIN) go vet ./...

staticcheck:
	$(PLAIN) go tool staticcheck ./...

cross: bin
	@for t in $(PLATFORMS); do \
		echo "building $(PORTABLE) for $$t"; \
		mkdir -p bin/$$t; \
		GOOS=$${t%%/*} GOARCH=$${t##*/} $(GOBUILD) -o bin/$$t/ $(PORTABLE:%=./cmd/%) || exit 1; \
	done

# go vet as each system compiles it, tests included. The tests of all packages together are for Linux.
VETTED := $(PORTABLE:%=./cmd/%) ./internal/trustee/... ./internal/evidence/... ./internal/desk ./internal/cli ./internal/carry ./internal/atomicfile/... ./crypto/...
vet-all:
	@for t in $(PLATFORMS); do \
		echo "vetting for $$t"; \
		GOOS=$${t%%/*} GOARCH=$${t##*/} $(PLAIN) go vet $(VETTED) || exit 1; \
	done

page: bin
	@echo 'building bin/verify.html'
	@$(PLAIN) go run ./cmd/zapis-verify/page bin/verify.html

# The release that docs/guides/rebuild.md describes: the same bytes wherever it is built.
dist:
	rm -rf dist
	go run ./internal/dist --out dist $(if $(SIGN),--sign $(SIGN))

# Installs, upgrades, removes and purges the packages in a chroot: as root, with debootstrap and lintian, ten minutes.
# PREVIOUS is the revision that is upgraded from, MIRROR the Debian mirror, PACKAGES a folder with a short name.
PREVIOUS := HEAD~1
PACKAGES := /tmp/zapis-packages
packages-test:
	mkdir -p $(PACKAGES)
	go test ./internal/dist -run '^TestPackagesOnDebian$$' -count=1 -v -timeout 90m -args -dist.packages $(PACKAGES) -dist.previous $(PREVIOUS) -dist.mirror '$(MIRROR)'

# What docs/screenshots holds, but for papers/desk.png: zapis-desk on the demo's ledger, in a window of 1100 x 900. Look at
# them before they are committed.
screenshots:
	go test -count=1 ./internal/e2e -run '^(TestScreenshots|TestTheDeskInBrowsers)$$' -args -screenshots $(CURDIR)/docs/screenshots
	@dir=$$(mktemp -d) && data=internal/e2e/testdata/ledgers/2026-11 && papers=docs/screenshots/papers && mkdir -p $$papers && \
	unzip -q $$data/b3.zip -d $$dir && pdftoppm -r 60 -png -singlefile $$dir/zapis-bundle/data/report/report.pdf $$papers/report && \
	go run ./cmd/zapis-verify $$data/b3.zip --trust $$data/card.txt --out $$dir/checker.html >/dev/null && \
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=900,1100 --screenshot=$$papers/checker.png file://$$dir/checker.html; \
	rm -rf $$dir

# Without it, every process under the race detector sleeps for a second when it ends, and the tests start hundreds.
go-test-race: export GORACE = atexit_sleep_ms=0
# These packages start whole programs and browsers, hundreds of times: the race detector does not see into the browsers, and
# makes the scrypt of each program that opens an identity ten times slower. The tests with browsers take as long as the others
# together, and wait for a quarter of it: the others run beside them, one after the other.
browsers := zapis/internal/e2e
separate := zapis/cmd/zapis zapis/internal/dist zapis/cmd/zapisd zapis/internal/attack
# The packages with the longest tests begin first: the last one to begin would have the machine for itself.
longest := zapis/store zapis/internal/trustee/casework zapis/internal/evidence/bundle zapis/web zapis/internal/desk
# Key derivations, lattice signatures and key encapsulation compute over memory of their own, and take three to ten times as
# long when each access to it is recorded. Their callers are watched as before.
unwatched := golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b golang.org/x/crypto/scrypt \
             filippo.io/mldsa/internal/fips140/mldsa crypto/internal/fips140/mlkem
# These tests run without the race detector: each starts a child, or repeats one check, hundreds or thousands of times, or measures
# memory over hundreds of megabytes, and what they repeat runs under it in the other tests of their packages. A child that is
# killed could report no race.
# internal/rules holds that none of them is left out.
repeating := TestKill TestPowerLoss TestPowerLossIsNoticed TestAnyBit TestFullDisk TestFullPrimary \
             TestKilledImport TestKilledSegments TestKilledActs \
             TestEveryFlipIsFound TestEveryFlipOfTheVectorIsFound TestEveryFlipWithItsCRCIsFound \
             TestVerifyPageHolds TestVerifyPageFinds TestValidatorRefuses TestLargeBundleInLittleMemory \
             TestEveryBit TestTruncated TestCutAndFlipped
repeatingIn := ./store ./internal/trustee/casework ./internal/evidence/bundle ./crypto/seal ./internal/carry
empty :=
space := $(empty) $(empty)
pattern = ^($(subst $(space),|,$(strip $(repeating))))$$
# Each half runs to its end, whatever becomes of the other. Both at once were no faster on two processors. The target vet runs
# all checks of go vet before; go test would run some of them again, over every dependency and for both kinds of compilation.
go-test:
	@$(MAKE) --no-print-directory --keep-going --jobs=1 go-test-race go-test-separate

go-test-race:
	@MAKEFLAGS= go test -vet=off -race $(unwatched:%=-gcflags=%=-race=false) -timeout 25m -skip '$(pattern)' $(longest) $$(go list ./... | grep -vxF $(browsers:%=-e %) $(separate:%=-e %) $(longest:%=-e %))

go-test-separate:
	@failed=0; export MAKEFLAGS=; \
	$(PLAIN) go test -vet=off -timeout 25m $(browsers) & beside=$$!; \
	$(PLAIN) go test -vet=off -p 1 -timeout 25m $(separate) || failed=1; \
	$(PLAIN) go test -vet=off -p 1 -timeout 25m -run '$(pattern)' $(repeatingIn) || failed=1; \
	wait $$beside || failed=1; \
	exit $$failed

# go test -short ./... with less to link: without cgo, which calls the C linker for each program that denies itself the
# network, and without the packages of which -short runs no test.
short:
	@none=$$(grep -rl --include='*_test.go' 'shorttest.None(m' cmd internal store | xargs -n1 dirname | sed 's|^|zapis/|'); \
	$(PLAIN) go test -short $$(go list ./... | grep -vxF "$$none")

# What docs/load.md tells, in full: ten minutes of a machine that does nothing else.
load:
	go test ./internal/e2e -run '^(TestLoad|TestPeakMemory|TestSlowSockets|TestTraces)$$' -count=1 -v -timeout 60m -large

# How many of each: make faults FAULTS=500 takes minutes.
FAULTS := 10000
faults:
	go test ./store -run '^(TestKill|TestAnyBit|TestPowerLoss|TestPowerLossIsNoticed|TestFullDisk)$$' -count=1 -v -timeout 24h -args -store.faults=$(FAULTS)

# All of the store's tests on a primary and a standby, but for what only bbolt has.
conformance:
	go test ./store -run '^TestConformance$$' -count=1 -v -timeout 60m -args -store.conformance=.

# Every bit of a mebibyte, then one bit in each byte with a CRC-32 that fits it: half an hour of one core.
flips:
	go test ./internal/evidence/bundle -run '^TestEveryFlip' -count=1 -v -timeout 24h -args -bundle.flipsize 1048576 -bundle.step 1

bench:
	@go run ./internal/bench/table; table=$$?; go run ./internal/bench/growth && exit $$table

clean:
	rm -rf bin demo dist

# ONLY=word runs those of one file.
mutants:
	go run ./internal/rules/mutants -only '$(ONLY)'
