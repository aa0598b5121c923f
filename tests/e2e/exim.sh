# SPDX-License-Identifier: Apache-2.0
#
# exim4 as a peer: sourced after peers.sh, not run. It is unpacked from its Debian package into the
# build tree and run without privileges on a port of loopback, in the directory $exim; nothing is
# installed, the host's own mail is left alone.
#
# exim refuses to run where the user Debian-exim does not exist; libnss_wrapper shows it a passwd
# file of ours that has it. It refuses to deliver as root too: started by root, all of it runs as
# nobody.

exim=$dir/exim exim_pid='' uid=$(id -u) gid=$(id -g) as=''
if [ "$uid" = 0 ]; then
    uid=65534 gid=65534
    as="setpriv --reuid=$uid --regid=$gid --clear-groups"
fi

# Ends the test as skipped when the packages cannot be had.
install_exim() {
    unpack_packages exim4 exim4-daemon-light libnss-wrapper libgnutls-dane0 libunbound8 libidn12 \
        libnsl2 ||
        { echo "1..0 # SKIP the packages of exim4 cannot be fetched: $unpack_error"; exit 0; }
    umask 022
    chmod 711 "$dir"
    mkdir -p "$exim/spool" "$exim/log" "$exim/mail" "$exim/lib"
    make_certificates || bail "openssl: $(tail -n 1 "$exim/openssl.log")"
    cp "$unpacked/usr/sbin/exim4" "$exim/" # the build tree may be out of reach for nobody
    chmod 755 "$exim/exim4"                # no set-user-ID
    cp -P "$unpacked"/usr/lib/*-linux-gnu/lib*.so* "$exim/lib/"
    printf 'Debian-exim:x:%d:%d::/nonexistent:/bin/false\n' "$uid" "$gid" >"$exim/passwd"
    printf 'Debian-exim:x:%d:\n' "$gid" >"$exim/group"
    [ -z "$as" ] || chown -R "$uid:$gid" "$exim"
}

make_certificates() { # a test authority, a server certificate, and an authority of somebody else
    local days="-days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl req -x509 $days -subj /CN=test-ca -keyout "$exim/ca.key" -out "$exim/ca.pem" &&
        openssl req -x509 $days -subj /CN=other-ca -keyout "$exim/other.key" \
            -out "$exim/other.pem" &&
        openssl req $days -subj /CN=localhost -keyout "$exim/tls.key" -out "$exim/tls.csr" &&
        openssl x509 -req -in "$exim/tls.csr" -CA "$exim/ca.pem" -CAkey "$exim/ca.key" -days 2 \
            -CAcreateserial -extfile <(echo subjectAltName=DNS:localhost) -out "$exim/tls.pem"
} >>"$exim/openssl.log" 2>&1

tls_lines="tls_advertise_hosts = *
tls_certificate = $exim/tls.pem
tls_privatekey = $exim/tls.key"

# Mail of `shop` with the password `pass word` goes to the maildir $exim/mail. $routers and
# $transports hold further ones, which come first.
routers='' transports=''
write_config() { # PORT LINES [IMPLICIT-TLS-PORT]
    cat >"$exim/conf" <<END
exim_path = $exim/exim4
exim_user = $uid
exim_group = $gid
keep_environment = LD_PRELOAD : LD_LIBRARY_PATH : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = $exim/spool
log_file_path = $exim/log/%slog
pid_file_path = $exim/pid
primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = $1${3:+ : $3}
${3:+tls_on_connect_ports = $3}
$2
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
host_lookup =
rfc1413_query_timeout = 0s
begin acl
rcpt:
  deny    !authenticated = *
          message = authenticate first
  deny    local_parts = nobody
          message = 550 5.1.1 nobody@\$domain: no such person
  defer   local_parts = later
          message = 450 4.2.1 come back later
  accept
begin routers
$routers
local:
  driver = accept
  transport = maildir
begin transports
$transports
maildir:
  driver = appendfile
  directory = $exim/mail
  maildir_format
  user = $uid
  group = $gid
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{shop}}{eq{\$auth3}{pass word}}}}
  server_set_id = \$auth2
begin retry
* * F,1h,1s
END
}

run_exim() { # PORT LINES [IMPLICIT-TLS-PORT]
    write_config "$@"
    LD_LIBRARY_PATH=$exim/lib LD_PRELOAD=$exim/lib/libnss_wrapper.so \
        NSS_WRAPPER_PASSWD=$exim/passwd NSS_WRAPPER_GROUP=$exim/group \
        $as "$exim/exim4" -C "$exim/conf" -bdf -q5s >>"$exim/out" 2>&1 &
    exim_pid=$!
    others="$exim_pid $others"
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        kill -0 "$exim_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$exim/out" "$exim"/log/* >&2
    return 1
}
stop_exim() {
    kill "$exim_pid" 2>/dev/null
    wait "$exim_pid" 2>/dev/null
}
