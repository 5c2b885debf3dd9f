// Listens on a port of this network namespace's loopback and connects to an address in another one:
// `forward NETNS ADDRESS:PORT`. Prints the port, then serves until it is killed.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
)

// The number of the system call, which the standard library does not name.
var sysSetns = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: forward NETNS ADDRESS:PORT"))
	}
	namespace, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		near, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go serve(near.(*net.TCPConn), namespace, os.Args[2])
	}
}

func serve(near *net.TCPConn, namespace *os.File, address string) {
	defer near.Close()
	far, err := dialIn(namespace, address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer far.Close()
	done := make(chan struct{})
	go func() {
		pass(far, near)
		close(done)
	}()
	pass(near, far)
	<-done
}

func pass(to *net.TCPConn, from *net.TCPConn) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}

// dialIn makes the socket on a thread that has entered the namespace; a socket stays where it was made. The thread is
// never unlocked, so that it ends with its goroutine and nothing else runs on it.
func dialIn(namespace *os.File, address string) (*net.TCPConn, error) {
	type outcome struct {
		connection *net.TCPConn
		err        error
	}
	outcomes := make(chan outcome, 1)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(sysSetns, namespace.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
			outcomes <- outcome{nil, fmt.Errorf("setns: %w", errno)}
			return
		}
		remote, err := net.ResolveTCPAddr("tcp4", address)
		if err != nil {
			outcomes <- outcome{nil, err}
			return
		}
		connection, err := net.DialTCP("tcp4", nil, remote)
		outcomes <- outcome{connection, err}
	}()
	got := <-outcomes
	return got.connection, got.err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
