#!/bin/sh
# Installs what make check-mail needs and this machine lacks. The make file hands over APT (update and install) and SUDO.
# No service of the system is started or changed: the tests start servers of their own, from folders of their own.
set -eu

missing=
need() { # package, then a program of it
    command -v "$2" >/dev/null 2>&1 || missing="$missing $1"
}
PATH="$PATH:/usr/sbin:/sbin"
need spamassassin spamassassin
need postfix postfix
need dovecot-core dovecot
need dovecot-imapd /usr/lib/dovecot/imap
need dovecot-lmtpd /usr/lib/dovecot/lmtp
need default-jre-headless java
need nodejs node
need npm npm
need chromium chromium

if [ -n "$missing" ]; then
    echo "check-mail: installing$missing"
    command -v apt-get >/dev/null || { echo "check-mail: no apt-get here; install by hand:$missing" >&2; exit 1; }
    policy=/usr/sbin/policy-rc.d # what Debian's packages ask before they start a service
    if [ ! -e "$policy" ]; then
        trap '$SUDO rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | $SUDO tee "$policy" >/dev/null
        $SUDO chmod 755 "$policy"
    fi
    echo "postfix postfix/main_mailer_type select No configuration" | $SUDO debconf-set-selections
    # --no-remove: a mail server that the machine already has is not thrown out for Postfix.
    eval "$APT --no-remove $missing" </dev/null
    wanted=$missing missing=
    for package in $wanted; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    if [ -d /run/systemd/system ]; then # nor at the next start of the machine
        for service in postfix dovecot; do
            case "$wanted" in *" $service"*) $SUDO systemctl disable --quiet "$service" || true ;; esac
        done
    fi
    [ -z "$missing" ] || { echo "check-mail: could not be installed:$missing" >&2; exit 1; }
fi

major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 20 ] || { echo "check-mail: node $major is too old, 20 or newer is needed" >&2; exit 1; }
