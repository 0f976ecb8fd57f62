# make run     start the appliance (installs what is missing first)
# make test    prove it
# make help    everything else

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
# Stamps carry what they were made from: the lock, and this folder, whose path is in the environment.
fingerprint = $(shell { pwd; cat $(1); } 2>/dev/null | sha256sum | cut -c1-16)
# Where environment or modules are gone, so are the stamps.
$(shell [ -x $(PYTHON) ] || rm -rf .venv .make/python-*; [ -d node_modules ] || rm -f .make/node-*)
RUNTIME := .make/python-runtime-$(call fingerprint,requirements/runtime.txt)
DEV := .make/python-dev-$(call fingerprint,requirements/dev.txt)
NODE := .make/node-$(call fingerprint,package-lock.json)
# The scanners contradict each other in what they need: each has an environment of its own.
SCANNERS := $(foreach name,schemathesis sqlmap sslyze wapiti,\
	.make/scanners/$(name)-$(call fingerprint,requirements/scanners-$(name).txt))
OBSERVATORY := .make/scanners/observatory-$(call \
	fingerprint,requirements/scanners-observatory/package-lock.json)
LIGHTHOUSE := .make/scanners/lighthouse-$(call \
	fingerprint,requirements/scanners-lighthouse/package-lock.json)

MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo $$(uname -m)-linux-gnu)
# What must be there, and the Debian package that brings it.
RUN_NEEDS := command:borg=borgbackup python-venv=python3-venv command:node=nodejs command:npm=npm
TEST_NEEDS := $(RUN_NEEDS) command:ssh-keygen=openssh-client command:vagrant=vagrant \
	file:/usr/share/vagrant-plugins/plugins.d/vagrant-libvirt.json=vagrant-libvirt command:chromium=chromium postgresql=postgresql \
	file:/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk command:openssl=openssl command:cryptsetup=cryptsetup-bin file:/usr/sbin/nginx=nginx-light \
	command:gcc=gcc file:/usr/sbin/postfix=postfix file:/usr/sbin/rsyslogd=rsyslog \
	file:/usr/lib/$(MULTIARCH)/rsyslog/lmnsd_ossl.so=rsyslog-openssl \
	file:/usr/sbin/chronyd=chrony file:/usr/sbin/sshd=openssh-server \
	file:/lib/systemd/systemd-networkd=systemd command:unshare=util-linux command:ip=iproute2 \
	file:/usr/sbin/nft=nftables command:nmap=nmap command:pebble=pebble command:slowhttptest=slowhttptest command:mmdebstrap=mmdebstrap command:systemd-nspawn=systemd-container \
	file:/usr/sbin/mke2fs=e2fsprogs \
	command:genisoimage=genisoimage command:mkfs.vfat=dosfstools command:mcopy=mtools \
	command:clevis=clevis command:jose=jose file:/usr/libexec/tangd=tang command:cpio=cpio command:zstd=zstd
BENCH_NEEDS := command:wrk=wrk
IMAGE_NEEDS := command:mmdebstrap=mmdebstrap command:unshare=util-linux command:git=git \
	command:ssh-keygen=openssh-client

.PHONY: help run test test-image test-long lint format bench clean lock setup setup-test setup-scans bytecode packages-run packages-test packages-bench packages-image image image-root image-container image-box image-signature

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: setup ## start the appliance; options by TENSHU_DATA, TENSHU_CONSOLE_PORT, TENSHU_WORKSPACE_PORT …
	@exec $(PYTHON) -P -m cli start

test: setup-scans ## lint, unit, integration, PostgreSQL, browser, security, scans, coverage
	@$(PYTHON) tests/suites.py

test-image: SUITES ?= image machines
test-image: setup-test packages-image ## prove what is built: image, container, and the machine that starts from it, as root
	@$(PYTHON) tests/suites.py $(SUITES)

test-long: setup-scans ## the same, and the long forms
	@$(PYTHON) tests/suites.py --long

lint: setup-test ## ruff, mypy, import-linter
	@$(PYTHON) tests/suites.py lint

format: $(DEV) ## bring the code into its form
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

bench: setup-test packages-bench ## measure: make bench NAME=console
	@if [ -z "$(NAME)" ] || [ ! -f "bench/$(NAME).py" ]; then
		echo "make bench NAME=…, one of: $$(cd bench && ls *.py 2>/dev/null | sed 's/\.py$$//' | xargs)" >&2
		exit 2
	fi
	@$(PYTHON) bench/$(NAME).py

image: setup packages-image ## make the disk image of the virtual machine, as root: build/tenshu-….raw, .qcow2, .ova, .vhdx
	@$(PYTHON) -m image.machine

image-root: setup packages-image ## make the root of the appliance's image, as root; PLACE=container for the other
	@$(PYTHON) -m image.root $(PLACE)

image-container: setup packages-image ## make the container's image, as root: build/tenshu-….oci.tar
	@$(PYTHON) -m image.container

image-box: setup packages-image ## make boxes of Vagrant's of what `make image` built
	@$(PYTHON) -m image.box

image-signature: setup packages-image ## sign what was built, with the key that TENSHU_IMAGE_KEY names
	@$(PYTHON) -m image.signature

clean: ## remove what was built; the data in var/ stays
	@rm -rf .make .venv node_modules build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@rm -f .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: .make/uv ## write the hashed locks of requirements/ anew
	@options="--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade"
	echo "· requirements/runtime.txt"
	.make/uv/bin/uv pip compile pyproject.toml $$options --quiet -o requirements/runtime.txt
	echo "· requirements/dev.txt"
	.make/uv/bin/uv pip compile pyproject.toml --group dev $$options --quiet -o requirements/dev.txt
	for name in schemathesis sqlmap sslyze wapiti; do
		echo "· requirements/scanners-$$name.txt"
		.make/uv/bin/uv pip compile requirements/scanners-$$name.in $$options --quiet \
			-o requirements/scanners-$$name.txt
	done
	for name in image image-collections; do
		echo "· requirements/$$name.txt"
		only=$$([ $$name = image ] || echo --no-deps)
		.make/uv/bin/uv pip compile requirements/$$name.in $$options $$only --quiet \
			-o requirements/$$name.txt
	done
	sed -i '/^--/d' requirements/*.txt # the lock says what, never from where

setup: packages-run $(RUNTIME) $(NODE) bytecode ## install what `make run` needs
setup-test: packages-test $(DEV) $(NODE) bytecode ## install what `make test` needs
setup-scans: setup-test $(SCANNERS) $(OBSERVATORY) $(LIGHTHOUSE) ## install the scanners of `make test` too

# Seven processes load the same modules: compiled once, also where the machine keeps no bytecode.
bytecode: | .venv/bin/python
	@$(PYTHON) -m compileall -q app appliance cli

packages-run:
	@$(call install_packages,$(RUN_NEEDS))

packages-test:
	@$(call install_packages,$(TEST_NEEDS))

packages-bench:
	@$(call install_packages,$(BENCH_NEEDS))

packages-image:
	@$(call install_packages,$(IMAGE_NEEDS))

# Installs only what is missing: the second time this costs milliseconds.
define install_packages
missing=()
for need in $(1); do
	what="$${need%%=*}" package="$${need##*=}"
	case "$$what" in
		command:*) command -v "$${what#command:}" >/dev/null || missing+=("$$package") ;;
		file:*) [ -e "$${what#file:}" ] || missing+=("$$package") ;;
		postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=("$$package") ;;
		python-venv) [ -x $(PYTHON) ] || $(find_python) >/dev/null || missing+=(python3 python3-venv) ;;
	esac
done
if [ "$${#missing[@]}" -gt 0 ]; then
	if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "Missing: $${missing[*]}. Install them first, on Debian: sudo apt-get install $${missing[*]}" >&2
		exit 1
	fi
	echo "· Installing $${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq </dev/null
	apt-get install -qq -y --no-install-recommends "$${missing[@]}" </dev/null >/dev/null
fi
endef

# The newest Python that really starts and can make an environment.
define find_python
( for name in python3.13 python3.12 python3.11 python3; do
	"$$name" -c 'import ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1 && echo "$$name" && exit 0
done; exit 1 )
endef

.venv/bin/python:
	@if ! python=$$( $(find_python) ); then
		echo "Python 3.11 or newer with venv is needed; on Debian: apt-get install python3 python3-venv" >&2
		exit 1
	fi
	echo "· Making an environment of $$("$$python" --version)"
	"$$python" -m venv --clear .venv

$(RUNTIME): requirements/runtime.txt | .venv/bin/python
	@$(call install_python,requirements/runtime.txt,runtime)

$(DEV): requirements/dev.txt | .venv/bin/python
	@$(call install_python,requirements/dev.txt,dev)

define install_python
echo "· Installing Python packages ($(2))"
$(PYTHON) -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes \
	-r $(1)
folder=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd > "$$folder/tenshu.pth"
printf '#!%s\nfrom cli.main import main\n\nmain()\n' "$$PWD/$(PYTHON)" > .venv/bin/tenshu
chmod +x .venv/bin/tenshu
mkdir -p .make
rm -f .make/python-$(2)-*
touch $@
endef

$(NODE): package-lock.json
	@echo "· Installing what the pages load"
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >/dev/null
	mkdir -p .make
	rm -f .make/node-*
	touch $@

$(SCANNERS): | .venv/bin/python
	@stamp=$(notdir $@) name=$${stamp%-*}
	place=.make/scanners/$$name
	echo "· Installing $$name"
	rm -rf $$place $$place-*
	$(PYTHON) -m venv $$place
	$$place/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps \
		--require-hashes -r requirements/scanners-$$name.txt
	touch $@

# Its list of names that browsers preload is fetched at installation from elsewhere: empty here.
$(OBSERVATORY):
	@echo "· Installing the HTTP Observatory"
	place=.make/scanners/observatory
	rm -rf $$place $$place-*
	mkdir -p $$place
	cp .npmrc requirements/scanners-observatory/package*.json $$place
	npm ci --prefix $$place --omit=optional --ignore-scripts --no-audit --no-fund \
		--loglevel=error </dev/null >/dev/null
	echo '{}' > $$place/node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json
	touch $@

$(LIGHTHOUSE):
	@echo "· Installing Lighthouse"
	place=.make/scanners/lighthouse
	rm -rf $$place $$place-*
	mkdir -p $$place
	cp .npmrc requirements/scanners-lighthouse/package*.json $$place
	npm ci --prefix $$place --omit=optional --ignore-scripts --no-audit --no-fund \
		--loglevel=error </dev/null >/dev/null
	touch $@

.make/uv:
	@python3 -m venv .make/uv
	.make/uv/bin/python -m pip install -qq --disable-pip-version-check uv
