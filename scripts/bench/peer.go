// A server for comparison: the smallest SOCKS5 proxy, or relay, with Go's net
// package. It has one goroutine for each direction, and io.Copy, which splices
// on Linux.
//
// Usage: peer PORT [TARGET]
//
// With TARGET, a port on 127.0.0.1, it is a relay to that port.
package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"os"
	"sync"
)

func main() {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Print(err)
			continue
		}
		go handle(client.(*net.TCPConn))
	}
}

func handle(client *net.TCPConn) {
	defer client.Close()
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	isSocks := len(os.Args) < 3
	if isSocks {
		address = readRequest(client)
	} else {
		port, _ := net.LookupPort("tcp", os.Args[2])
		address.Port = port
	}
	if address == nil {
		return
	}
	target, err := net.DialTCP("tcp4", nil, address)
	if err != nil {
		if isSocks {
			client.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		}
		return
	}
	defer target.Close()
	if isSocks {
		client.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	}
	var both sync.WaitGroup
	both.Add(2)
	go carry(&both, target, client)
	go carry(&both, client, target)
	both.Wait()
}

func carry(both *sync.WaitGroup, to, from *net.TCPConn) {
	defer both.Done()
	io.Copy(to, from)
	to.CloseWrite()
}

// readRequest reads the greeting and a CONNECT to an IPv4 address.
func readRequest(client *net.TCPConn) *net.TCPAddr {
	var bytes [255]byte
	if _, err := io.ReadFull(client, bytes[:2]); err != nil {
		return nil
	}
	if _, err := io.ReadFull(client, bytes[:bytes[1]]); err != nil {
		return nil
	}
	client.Write([]byte{5, 0})
	if _, err := io.ReadFull(client, bytes[:10]); err != nil || bytes[3] != 1 {
		return nil
	}
	return &net.TCPAddr{
		IP:   net.IPv4(bytes[4], bytes[5], bytes[6], bytes[7]),
		Port: int(binary.BigEndian.Uint16(bytes[8:])),
	}
}
