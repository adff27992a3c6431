#!/bin/bash
#
# usbvm.sh - run one command inside a throw-away virtual machine that has USB.
#
# The machine boots a stock Debian kernel under QEMU.  Its root file system is
# the root file system of this host, read-only over 9p, with a tmpfs overlay
# on top: every program and library installed here is there, and nothing the
# guest does to it survives.  USB devices are those QEMU itself emulates
# (usb-mtp, usb-storage, usb-bot, usb-uas) on xHCI controllers.  They can be
# present at boot, and plugged and unplugged later from inside the guest or
# from the host.
#
#   usbvm.sh setup
#       Fetch the kernel and a few tools as Debian packages (nothing is
#       installed), unpack them in the cache and build the initramfs.
#       Done by itself at the first run.
#
#   usbvm.sh run [OPTIONS] [--] COMMAND [ARG...]
#       Boot, run COMMAND as root, power off.  The exit status is COMMAND's;
#       124: it ran past --timeout; 125: the machine or this script failed.
#
#       --share DIR[:ro]        DIR of the host, at the same path in the guest
#                               (read-write unless :ro); may be repeated.
#       --cwd DIR               working directory in the guest [/]
#       --mtp DIR[,OPT=V...]    a usb-mtp device serving DIR (read-only unless
#                               readonly=off is given)
#       --storage IMG[,OPT=V..] a usb-storage device on the raw image IMG;
#       --bot IMG, --uas IMG    the same with usb-bot or usb-uas
#       --disk IMG[,OPT=V...]   a virtio disk (/dev/vda, ...) on raw image IMG;
#                               OPT is for -drive: cache=none, throttling.* ...
#       --hubs N                put N 8-port hubs on the first controller
#       --controllers N         xHCI controllers, 15 ports each [1]
#       --mem MB, --smp N       memory [1024] and CPUs [2]
#       --timeout SECONDS       wall-clock limit for the whole run [300]
#       --accel tcg|kvm|auto    [auto: kvm on kvm_intel/kvm_amd, else tcg]
#       --dir DIR               job directory, kept after the run: console.log,
#                               status, pid, mon.in/mon.out
#       --kill-on PATTERN       SIGKILL the machine as soon as COMMAND prints a
#                               line matching the bash PATTERN (a power cut);
#                               the exit status is then 137
#       --qemu-arg ARG          passed to QEMU as it stands; may be repeated
#       --coldplug              full "udevadm trigger" at boot (slower)
#       --verbose               guest kernel console on stderr
#
#   usbvm.sh mon DIR 'MONITOR COMMAND'
#   usbvm.sh plug DIR KIND ID PATH [OPT=V,...]     KIND: mtp storage bot uas
#   usbvm.sh unplug DIR ID
#       From the host, to the machine running with --dir DIR.  Inside the
#       guest the same verbs are: usbvm-mon 'COMMAND', usbvm-plug KIND ID PATH
#       [OPT=V,...] and usbvm-unplug ID; and usbvm-qmp EXECUTE [ARGUMENTS_JSON].  PATH is a path on the host; for bot
#       and uas PATH:PATH... are several LUNs, PATH%BYTES is one with sectors of
#       so many bytes.  PATH@SECTOR is an image of which that sector (of 512
#       bytes) cannot be read.  The USB ports are named by bus=xhci0.0,port=N
#       (port=N.M behind a hub).
#
# Environment: USBVM_CACHE (default: $XDG_CACHE_HOME/usbvm or ~/.cache/usbvm),
# USBVM_KERNEL_PKG (default: what linux-image-amd64 depends on), USBVM_QEMU.
#
# The guest sees everything on this host that the caller can read, and holds
# the machine's monitor: run only commands you would run on the host.

set -u -o pipefail
shopt -s extglob

die()  { echo "usbvm: $*" >&2; exit 125; }
warn() { echo "usbvm: $*" >&2; }

QEMU=${USBVM_QEMU:-qemu-system-x86_64}
CACHE=${USBVM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/usbvm}
SELF=$(readlink -f -- "$0")

# Tools the guest needs and a minimal host may lack, with the libraries they
# need beyond the base system.  They are unpacked in the cache only.
TOOLS=(busybox-static kmod libkmod2 udev usbutils usb.ids usbip libwrap0)
# Loaded by the initramfs, in this order, with what they depend on.
BOOT_MODULES=(virtio_pci 9pnet_virtio 9p overlay virtio_console)
# Loaded before COMMAND starts; others load on demand.
GUEST_MODULES=(xhci_pci usb_storage uas sd_mod virtio_blk virtio_rng configfs)
# Bump when the contents of the initramfs change.
INITRD_VERSION=2

# --- monitor client ---------------------------------------------------------
# The same text runs on the host (FIFOs) and in the guest (a virtio port).
MON_CLIENT=$(cat <<'EOF'
json_str() {    # JSON string literal of $1
    local s=${1//\\/\\\\}; s=${s//\"/\\\"}; printf '"%s"' "$s"
}
deleted=''      # ids of devices that are gone, each between spaces
note_deleted() { # note_deleted LINE: an event of the machine
    local id
    [[ $1 == *'"DEVICE_DELETED"'*'"device": "'* ]] || return 0
    id=${1#*'"device": "'}; deleted+=" ${id%%\"*} "
}
qmp() {         # qmp FD_OUT FD_IN EXECUTE [ARGUMENTS_JSON]: prints the reply
    local out=$1 in=$2 id="$$-$RANDOM-$SECONDS" line
    printf '{"execute":"%s","arguments":%s,"id":"%s"}\n' "$3" "${4-{\}}" "$id" >&"$out"
    while IFS= read -r -t 60 -u "$in" line; do
        [[ $line == *"\"id\": \"$id\""* ]] || { note_deleted "$line"; continue; }
        printf '%s\n' "$line"
        [[ $line != *'"error": {'* ]]; return
    done
    echo "no answer from the machine"; return 1
}
hmp() {         # hmp FD_OUT FD_IN COMMAND: human monitor command, its text
    local reply text
    reply=$(qmp "$1" "$2" human-monitor-command \
            "{\"command-line\":$(json_str "$3")}") || { echo "$reply" >&2; return 1; }
    text=${reply#*'"return": "'}; text=${text%'"'*}; text=${text%'", "id'*}
    printf '%b' "${text//\\r/}"
}
quiet_hmp() {   # for commands that print only when they fail
    local text; text=$(hmp "$@") || return 1
    [[ -z ${text//[[:space:]]/} ]] || { printf '%s\n' "$text" >&2; return 1; }
}
medium() {      # medium FD_OUT FD_IN NODE PATH[@SECTOR]
    local path=${4%\%*} bad='' file reply
    [[ $path =~ ^(.*)@([0-9]+)$ ]] && path=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
    file="{\"driver\":\"file\",\"filename\":$(json_str "$path")}"
    [[ -z $bad ]] || file="{\"driver\":\"blkdebug\",\"image\":$file,\"inject-error\":[{\"event\":\"none\",\"iotype\":\"read\",\"errno\":5,\"sector\":$bad}]}"
    reply=$(qmp "$1" "$2" blockdev-add "{\"driver\":\"raw\",\"node-name\":\"$3\",\"file\":$file}") ||
        { printf '%s\n' "$reply" >&2; return 1; }
}
media_del() {   # media_del FD_OUT FD_IN ID: the nodes of all LUNs
    local n=0
    while qmp "$1" "$2" blockdev-del "{\"node-name\":\"n-$3-$n\"}" >/dev/null; do n=$((n + 1)); done
    return 0
}
luns() {        # luns FD_OUT FD_IN KIND ID OPTS PATH...
    local o=$1 i=$2 kind=$3 id=$4 opts=$5 path n=0 block=()
    shift 5
    for path; do
        medium "$o" "$i" "n-$id-$n" "$path" || return
        block[n]=; [[ $path == *%* ]] && block[n]=,logical_block_size=${path##*%},physical_block_size=${path##*%}
        n=$((n + 1))
    done
    if [[ $kind == storage ]]; then
        quiet_hmp "$o" "$i" "device_add usb-storage,id=$id,drive=n-$id-0$opts"
        return
    fi
    # A transport without a disk: hold it back until it has all.
    quiet_hmp "$o" "$i" "device_add usb-$kind,id=$id$opts" || return
    while (( n-- > 0 )); do
        quiet_hmp "$o" "$i" "device_add scsi-hd,id=$id-lun$n,bus=$id.0,scsi-id=0,lun=$n,drive=n-$id-$n${block[n]}" ||
            break
    done
    (( n < 0 )) && quiet_hmp "$o" "$i" "qom-set $id attached true" && return
    quiet_hmp "$o" "$i" "device_del $id" 2>/dev/null
    return 1
}
plug() {        # plug FD_OUT FD_IN KIND ID PATH [OPTS]
    local o=$1 i=$2 kind=$3 id=$4 path=$5 opts=${6:+,$6} paths
    case $kind in
    mtp) quiet_hmp "$o" "$i" "device_add usb-mtp,id=$id,rootdir=$path$opts" ;;
    storage|bot|uas)
        paths=("$path")
        [[ $kind == storage ]] || IFS=: read -r -a paths <<<"$path"
        luns "$o" "$i" "$kind" "$id" "$opts" "${paths[@]}" && return
        media_del "$o" "$i" "$id"
        return 1 ;;
    *) echo "plug: unknown kind $kind" >&2; return 2 ;;
    esac
}
unplug() {      # unplug FD_OUT FD_IN ID
    local line
    deleted=''
    # Not in a subshell: what qmp notes on the way is needed.
    qmp "$1" "$2" device_del "{\"id\":$(json_str "$3")}" >/dev/null || return 1
    until [[ $deleted == *" $3 "* ]]; do    # not said ahead of the reply: wait for it
        IFS= read -r -t 60 -u "$2" line || { echo "unplug: $3 is still there" >&2; return 1; }
        note_deleted "$line"
    done
    media_del "$1" "$2" "$3"    # of MTP there is none
}
EOF
)

# --- setup ------------------------------------------------------------------
setup() {
    command -v dpkg-deb >/dev/null && command -v apt-get >/dev/null ||
        die "setup needs a Debian host (apt-get, dpkg-deb)"
    local kpkg=${USBVM_KERNEL_PKG:-} deb tmp opt=()
    [[ -n $kpkg ]] || kpkg=$(apt-cache depends linux-image-amd64 2>/dev/null |
        sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n1)
    [[ -n $kpkg ]] || die "linux-image-amd64 is not known to apt (apt-get update?)"
    mkdir -p "$CACHE" || die "cannot make $CACHE"
    tmp=$(mktemp -d "$CACHE/setup.XXXXXX") || die "cannot write in $CACHE"
    (( EUID == 0 )) && opt=(-o APT::Sandbox::User=root)
    ( cd "$tmp" && apt-get "${opt[@]}" -qq download "$kpkg" "${TOOLS[@]}" ) ||
        { rm -rf "$tmp"; die "cannot download the packages"; }
    # Merged /usr, as on the host: or the overlay would hide the host's /lib.
    mkdir -p "$tmp"/extra/usr/{bin,sbin,lib}
    local d; for d in bin sbin lib; do ln -s "usr/$d" "$tmp/extra/$d"; done
    for deb in "$tmp"/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" |
            tar -x --keep-directory-symlink --no-same-owner -C "$tmp/extra" ||
            { rm -rf "$tmp"; die "cannot unpack $deb"; }
    done
    local kver; kver=$(cd "$tmp/extra/lib/modules" && echo *)
    ( exec -a depmod "$tmp/extra/bin/kmod" -b "$tmp/extra" "$kver" ) ||
        { rm -rf "$tmp"; die "depmod failed"; }
    echo "$kver" >"$tmp/extra/kver"
    mv "$tmp/extra/boot/vmlinuz-$kver" "$tmp/extra/vmlinuz"
    rm -rf "$CACHE/extra.old"; [[ -e $CACHE/extra ]] && mv "$CACHE/extra" "$CACHE/extra.old"
    mv "$tmp/extra" "$CACHE/extra" && rm -rf "$tmp" "$CACHE/extra.old" "$CACHE"/initrd-*
    build_initrd
    echo "usbvm: kernel $kver, $(du -sm "$CACHE" | cut -f1) MB in $CACHE"
}

initrd_path() { echo "$CACHE/initrd-$(<"$CACHE/extra/kver")-v$INITRD_VERSION"; }

build_initrd() {
    local kver mods tmp m line f dep
    kver=$(<"$CACHE/extra/kver"); mods=$CACHE/extra/lib/modules/$kver
    tmp=$(mktemp -d "$CACHE/initrd.XXXXXX") || die "cannot write in $CACHE"
    mkdir -p "$tmp"/{bin,m,proc,sys,dev,lower,extra,rw,new}
    cp "$CACHE/extra/bin/busybox" "$tmp/bin/"
    add_module() {
        [[ -e $tmp/m/${1##*/} ]] && return
        cp "$mods/$1" "$tmp/m/" && echo "${1##*/}" >>"$tmp/m/order"
    }
    for m in "${BOOT_MODULES[@]}"; do
        line=$(grep -E "/${m//_/[_-]}\.ko[^:]*:" "$mods/modules.dep") ||
            { rm -rf "$tmp"; die "kernel $kver has no module $m"; }
        f=${line%%:*}
        # modules.dep lists dependencies nearest first: load them backwards.
        for dep in $(tr ' ' '\n' <<<"${line#*:}" | tac); do add_module "$dep"; done
        add_module "$f"
    done
    cat >"$tmp/init" <<'EOF'
#!/bin/busybox sh
b=/bin/busybox
fail() { echo "usbvm-initramfs: $*"; $b sync; $b poweroff -f; }
opt=trans=virtio,version=9p2000.L,msize=524288
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
while read m; do $b insmod "/m/$m" || fail "insmod $m"; done </m/order
$b mount -t 9p -o ro,cache=loose,$opt root /lower || fail "mount root"
$b mount -t 9p -o ro,cache=loose,$opt extra /extra || fail "mount extra"
$b mount -t tmpfs tmpfs /rw && $b mkdir /rw/upper /rw/work
$b mount -t overlay -o lowerdir=/extra:/lower,upperdir=/rw/upper,workdir=/rw/work overlay /new ||
    fail "mount overlay"
for d in proc sys dev run tmp; do $b mkdir -p /new/$d; done
for d in proc sys dev; do $b mount --move /$d /new/$d; done
$b mount -t tmpfs -o mode=755 tmpfs /new/run; $b mount -t tmpfs -o mode=1777 tmpfs /new/tmp
$b mkdir /new/run/usbvm
$b mount -t 9p -o cache=none,$opt job /new/run/usbvm || fail "mount job"
exec $b switch_root /new /bin/bash /run/usbvm/init
EOF
    chmod +x "$tmp/init"
    ( cd "$tmp" && find . | ./bin/busybox cpio -o -H newc 2>/dev/null | gzip -1 ) >"$tmp.gz" &&
        mv "$tmp.gz" "$(initrd_path)"
    local rc=$?; rm -rf "$tmp"; (( rc == 0 )) || die "cannot build the initramfs"
}

# --- the guest's first process ----------------------------------------------
guest_init() {
    cat <<'EOF'
#!/bin/bash
# First process of the guest; written by usbvm.sh.
export PATH=/run/usbvm/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 TERM=dumb
cd /
. /run/usbvm/config                 # SHARES CWD COLDPLUG GUEST_MODULES USB_EXPECTED
bb=/bin/busybox
off() { $bb sync; $bb umount -a -r 2>/dev/null; $bb poweroff -f; while :; do $bb sleep 60; done; }
trap off EXIT
mkdir -p /dev/pts /dev/shm
ln -s /proc/self/fd /dev/fd         # devtmpfs has no such links; bash's <( ) needs it
mount -t devpts devpts /dev/pts; mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
$bb ip link set lo up; $bb hostname usbvm
i=0
for s in "${SHARES[@]}"; do         # tags share0, share1, ... in order
    mode=rw; [[ $s == *:ro ]] && mode=ro; d=${s%:ro}
    mkdir -p "$d" && mount -t 9p -o "$mode,trans=virtio,version=9p2000.L,cache=mmap,msize=524288,access=any" \
        "share$i" "$d" || { echo "usbvm: cannot mount $d"; exit; }
    i=$((i + 1))
done
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
# udevd: libusb on Debian hears of new devices through it.
/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
modprobe -a "${GUEST_MODULES[@]}"
mount -t configfs configfs /sys/kernel/config     # for USB gadgets
[[ $COLDPLUG == 1 ]] && udevadm trigger --action=add
# QEMU's devices are attached before the guest runs: wait until the kernel has
# seen each.  Hot-plugged ones are the command's own business.
seen() { local n=0 d; for d in /sys/bus/usb/devices/[0-9]*-*; do [[ -e $d && $d != *:* ]] && n=$((n + 1)); done; echo $n; }
if (( USB_EXPECTED > 0 )); then
    coproc KERNEL { exec udevadm monitor --kernel --subsystem-match=usb; }
    while (( $(seen) < USB_EXPECTED )); do
        read -r -t 30 -u "${KERNEL[0]}" || { echo "usbvm: only $(seen) USB devices of $USB_EXPECTED"; break; }
    done
    kill "$KERNEL_PID"; wait "$KERNEL_PID" 2>/dev/null
fi
udevadm settle --timeout=30
for p in /sys/class/virtio-ports/vport*; do
    case $(<"$p/name") in
    usbvm.out) out=/dev/${p##*/} ;; usbvm.err) err=/dev/${p##*/} ;;
    usbvm.qmp) ln -s "/dev/${p##*/}" /run/usbvm-qmp ;;
    esac
done
read -r up _ </proc/uptime; echo "usbvm: userland ready at $up s"
trap - EXIT
( trap - EXIT; cd "$CWD" && exec /bin/bash /run/usbvm/command ) </dev/null >"$out" 2>"$err"
echo $? >/run/usbvm/status.new && mv /run/usbvm/status.new /run/usbvm/status
off
EOF
}

# --- host side of a run -----------------------------------------------------
qesc() { printf '%s' "${1//,/,,}"; }    # a value in a QEMU option list

split_opts() {  # PATH[,OPTS] -> sets PATH_ and OPTS_
    PATH_=${1%%,*}; OPTS_=; [[ $1 == *,* ]] && OPTS_=,${1#*,}
    [[ -e $PATH_ ]] || die "$PATH_: no such file or directory"
    PATH_=$(readlink -f -- "$PATH_")
}

run() {
    local shares=() usb=() disks=() qargs=() hubs=0 controllers=1 mem=1024 smp=2
    local limit=300 accel=auto dir='' cwd=/ coldplug=0 verbose=0 kill_on=''
    while (( $# )); do
        case $1 in
        --share|--cwd|--mtp|--storage|--bot|--uas|--disk|--hubs|--controllers|--mem|--smp|\
        --timeout|--accel|--dir|--kill-on|--qemu-arg) (( $# >= 2 )) || die "$1 needs a value" ;;
        esac
        case $1 in
        --share) local s=${2%:ro}; [[ -d $s ]] || die "$s: no such directory"
                 s=$(readlink -f -- "$s"); [[ $2 == *:ro ]] && s+=:ro; shares+=("$s"); shift 2 ;;
        --mtp|--storage|--bot|--uas) usb+=("${1#--} $2"); shift 2 ;;
        --disk) disks+=("$2"); shift 2 ;;
        --cwd) cwd=$2; shift 2 ;;           --hubs) hubs=$2; shift 2 ;;
        --controllers) controllers=$2; shift 2 ;;
        --mem) mem=$2; shift 2 ;;           --smp) smp=$2; shift 2 ;;
        --timeout) limit=$2; shift 2 ;;     --accel) accel=$2; shift 2 ;;
        --dir) dir=$2; shift 2 ;;           --kill-on) kill_on=$2; shift 2 ;;
        --qemu-arg) qargs+=("$2"); shift 2 ;;
        --coldplug) coldplug=1; shift ;;    --verbose) verbose=1; shift ;;
        --) shift; break ;;
        -*) die "unknown option $1" ;;
        *) break ;;
        esac
    done
    (( $# )) || die "no command given"
    command -v "$QEMU" >/dev/null || die "$QEMU not found (package qemu-system-x86)"
    [[ -e $CACHE/extra/kver ]] || setup >&2
    [[ -e $(initrd_path) ]] || build_initrd

    # The job directory: shared with the guest, which leaves its status there.
    local keep=1
    if [[ -z $dir ]]; then keep=0; dir=$(mktemp -d) || die "mktemp failed"
    else mkdir -p "$dir" && dir=$(readlink -f -- "$dir") || die "cannot make $dir"; fi
    rm -rf "${dir:?}"/{bin,status,init,config,command,console.log,pid,qmp.sock,out,err,mon.in,mon.out}
    mkdir "$dir/bin" && mkfifo "$dir"/{out,err,mon.in,mon.out} || die "cannot write in $dir"
    guest_init >"$dir/init"
    { declare -p GUEST_MODULES | sed 's/^declare -a //'
      printf 'SHARES=('; (( ${#shares[@]} )) && printf '%q ' "${shares[@]}"; printf ')\n'
      printf 'CWD=%q COLDPLUG=%q USB_EXPECTED=%d\n' "$cwd" "$coldplug" $(( ${#usb[@]} + hubs ))
    } >"$dir/config"
    { printf 'exec'; printf ' %q' "$@"; echo; } >"$dir/command"
    local verb
    for verb in mon qmp plug unplug; do
        { echo '#!/bin/bash'; printf '%s\n' "$MON_CLIENT"
          echo 'exec 9>/run/usbvm-qmp.lock && flock 9 && exec 3<>/run/usbvm-qmp || exit 1'
          echo 'qmp 3 3 qmp_capabilities >/dev/null'
          case $verb in mon) echo 'hmp 3 3 "$1"' ;; *) echo "$verb 3 3 \"\$@\"" ;; esac
        } >"$dir/bin/usbvm-$verb"
    done
    chmod +x "$dir"/bin/*

    # kvm_intel and kvm_amd run any guest.  Other providers of /dev/kvm
    # (nested, paravirtual) may not run a stock kernel, or only crawl.
    if [[ $accel == auto ]]; then
        accel=tcg
        [[ -w /dev/kvm && ( -d /sys/module/kvm_intel || -d /sys/module/kvm_amd ) ]] && accel=kvm
    fi
    # The emulated processor says that it is fast at "rep movsb" (erms), by which
    # memcpy() then copies, and moves one byte a step.
    local cpu=max; [[ $accel == tcg ]] && accel=tcg,thread=multi cpu=max,erms=off

    # shellcheck disable=SC2054	# the commas are QEMU's
    local q=(-M pc -accel "$accel" -cpu "$cpu" -smp "$smp" -m "$mem"
        -nodefaults -no-user-config -display none -no-reboot -pidfile "$dir/pid"
        -kernel "$CACHE/extra/vmlinuz" -initrd "$(initrd_path)"
        -append "console=ttyS0 panic=-1 quiet loglevel=5"
        -chardev "file,id=console,path=$(qesc "$dir/console.log")" -serial chardev:console
        -device virtio-rng-pci
        # Root, tools, job directory.
        -fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
        -device virtio-9p-pci,fsdev=root,mount_tag=root
        -fsdev "local,id=extra,path=$(qesc "$CACHE/extra"),security_model=none,readonly=on"
        -device virtio-9p-pci,fsdev=extra,mount_tag=extra
        -fsdev "local,id=job,path=$(qesc "$dir"),security_model=none"
        -device virtio-9p-pci,fsdev=job,mount_tag=job
        # Standard output and error of COMMAND; the monitor, twice.  For the
        # guest it is a socket QEMU makes and connects to itself.
        -device virtio-serial-pci
        -chardev "file,id=out,path=$(qesc "$dir/out")" -device virtserialport,chardev=out,name=usbvm.out
        -chardev "file,id=err,path=$(qesc "$dir/err")" -device virtserialport,chardev=err,name=usbvm.err
        -chardev "socket,id=gq,path=$(qesc "$dir/qmp.sock"),server=on,wait=off"
        -device virtserialport,chardev=gq,name=usbvm.qmp
        -chardev "socket,id=gm,path=$(qesc "$dir/qmp.sock")" -mon chardev=gm,mode=control
        -chardev "pipe,id=hm,path=$(qesc "$dir/mon")" -mon chardev=hm,mode=control)
    local n=0 s x kind
    for s in "${shares[@]}"; do
        x=; [[ $s == *:ro ]] && x=,readonly=on
        q+=(-fsdev "local,id=share$n,path=$(qesc "${s%:ro}"),security_model=none,multidevs=remap$x"
            -device "virtio-9p-pci,fsdev=share$n,mount_tag=share$n"); n=$((n + 1))
    done
    for (( n = 0; n < controllers; n++ )); do q+=(-device "qemu-xhci,id=xhci$n,p2=15,p3=15"); done
    for (( n = 1; n <= hubs; n++ )); do q+=(-device "usb-hub,bus=xhci0.0,port=$n,id=hub$n,ports=8"); done
    n=0
    for s in "${disks[@]}"; do
        split_opts "$s"
        q+=(-drive "if=none,id=vd$n,format=raw,file=$(qesc "$PATH_")$OPTS_"
            -device "virtio-blk-pci,drive=vd$n"); n=$((n + 1))
    done
    n=0
    for s in "${usb[@]}"; do
        kind=${s%% *}; split_opts "${s#* }"; x="u$n"
        case $kind in
        mtp) q+=(-device "usb-mtp,id=$x,rootdir=$(qesc "$PATH_")$OPTS_") ;;
        storage) q+=(-drive "if=none,id=d$n,format=raw,file=$(qesc "$PATH_")"
                     -device "usb-storage,id=$x,drive=d$n$OPTS_") ;;
        bot|uas) q+=(-drive "if=none,id=d$n,format=raw,file=$(qesc "$PATH_")"
                     -device "usb-$kind,id=$x$OPTS_"
                     -device "scsi-hd,bus=$x.0,scsi-id=0,lun=0,drive=d$n") ;;
        esac
        n=$((n + 1))
    done
    q+=("${qargs[@]}")

    # Readers of the guest's output end when QEMU closes the FIFOs.
    local qpid rpid epid wpid vpid='' rc
    if [[ -n $kill_on ]]; then
        while IFS= read -r line; do
            printf '%s\n' "$line"
            # shellcheck disable=SC2053
            if [[ $line == $kill_on ]]; then kill -KILL "$(<"$dir/pid")"; fi
        done <"$dir/out" & rpid=$!
    else cat <"$dir/out" & rpid=$!; fi
    cat <"$dir/err" >&2 & epid=$!
    : >"$dir/console.log"; rm -f "$dir/timed_out"
    "$QEMU" "${q[@]}" </dev/null >"$dir/qemu.log" 2>&1 & qpid=$!
    if (( verbose )); then tail -n +1 --pid=$qpid -F -- "$dir/console.log" >&2 2>/dev/null & vpid=$!; fi
    trap 'kill -KILL $qpid 2>/dev/null' INT TERM HUP
    # The wall-clock limit.
    sleep "$limit" & wpid=$!
    { wait -n $qpid $wpid; } 2>/dev/null
    if kill $wpid 2>/dev/null; then
        wait $wpid 2>/dev/null
    else
        : >"$dir/timed_out"; kill -KILL $qpid 2>/dev/null
    fi
    { wait $qpid; rc=$?; } 2>/dev/null
    # If QEMU died before it opened them, the readers still wait for a writer.
    : 1<>"$dir/out" 1<>"$dir/err"
    wait $rpid $epid 2>/dev/null
    [[ -n $vpid ]] && wait $vpid 2>/dev/null
    rm -f "$dir"/{out,err,mon.in,mon.out,qmp.sock,pid}
    if [[ -e $dir/timed_out ]]; then warn "timed out after $limit s"; rc=124
    elif [[ -s $dir/status ]]; then rc=$(<"$dir/status")
    elif [[ -n $kill_on && $rc == 137 ]]; then :
    else
        warn "the machine ended without a status (qemu: $rc)"
        sed 's/^/usbvm: qemu: /' "$dir/qemu.log" >&2
        tail -n 20 "$dir/console.log" | sed 's/^/usbvm: console: /' >&2
        rc=125
    fi
    (( keep )) || rm -rf "$dir"
    return "$rc"
}

host_mon() {    # host_mon VERB DIR ARG...
    local verb=$1 dir=$2; shift 2
    [[ -p $dir/mon.in && -s $dir/pid ]] && kill -0 "$(<"$dir/pid")" 2>/dev/null ||
        die "$dir: no machine running there"
    [[ $verb == plug && $3 != *[:@%]* ]] && set -- "$1" "$2" "$(readlink -f -- "$3")" "${@:4}"
    eval "$MON_CLIENT"
    exec 9>"$dir/mon.lock" && flock 9 && exec 3<>"$dir/mon.in" 4<>"$dir/mon.out" || exit 125
    qmp 3 4 qmp_capabilities >/dev/null
    case $verb in mon) hmp 3 4 "$1" ;; *) "$verb" 3 4 "$@" ;; esac
}

case ${1:-} in
setup) setup ;;
run) shift; run "$@" ;;
mon) (( $# == 3 )) || die "usage: mon DIR 'COMMAND'"; host_mon "$@" ;;
plug) (( $# >= 5 )) || die "usage: plug DIR KIND ID PATH [OPTS]"; host_mon "$@" ;;
unplug) (( $# == 3 )) || die "usage: unplug DIR ID"; host_mon "$@" ;;
*) sed -n '2,/^set -u/s/^# \{0,1\}//p' "$SELF"; exit 125 ;;
esac
