package peer

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// SameUserTCP reports whether the socket at the other end of a loopback connection belongs to the user of this process, as
// the kernel lists it (proc(5), /proc/net/tcp). It reports false where the socket is not listed.
func SameUserTCP(local, remote net.Addr) bool {
	here, ok := local.(*net.TCPAddr)
	there, also := remote.(*net.TCPAddr)
	if !ok || !also || here.IP.To4() == nil || there.IP.To4() == nil {
		return false
	}
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return false
	}
	defer f.Close()
	from, to := procAddr(there), procAddr(here)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		w := strings.Fields(lines.Text())
		if len(w) > 7 && w[1] == from && w[2] == to {
			return w[7] == strconv.Itoa(os.Getuid())
		}
	}
	return false
}

// procAddr writes an IPv4 address and port as /proc/net/tcp does: the address in the machine's byte order, all digits
// upper-case hexadecimal.
func procAddr(a *net.TCPAddr) string {
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], binary.BigEndian.Uint32(a.IP.To4()))
	return strings.ToUpper(hex.EncodeToString(b[:])) + ":" + fmt.Sprintf("%04X", a.Port)
}
