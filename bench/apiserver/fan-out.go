// The load of watch fan-out, compiled so that it is not the brake: watchers on raw TLS sockets that only count
// newlines (an event is a line), and connections that create ConfigMaps as fast as the server takes them.
//
//	fan-out HOST:PORT PATH RESOURCE_VERSION WATCHERS CHANGES CONNECTIONS   (the token is in $TOKEN)
//
// Prints JSON: seconds from the first change sent until every watcher has seen every change, and the 50th and 99th
// percentile in milliseconds of how long after the n-th change was sent a watcher had seen n changes.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

var padding = strings.Repeat("x", 380)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func dial(address string) *tls.Conn {
	connection, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	check(err)
	return connection
}

func head(method, path, address string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + os.Getenv("TOKEN") +
		"\r\nAccept: application/json\r\n"
}

// watch opens a watch, tells so, and notes when each line came. Lines of the chunked encoding end in \r\n
// (RFC 9112 section 7.1) and do not count.
func watch(address, path string, times []time.Time, opened, done *sync.WaitGroup) {
	connection := dial(address)
	_, err := connection.Write([]byte(head("GET", path, address) + "\r\n"))
	check(err)
	buffer := make([]byte, 64*1024)
	seen, body, last := 0, false, byte(0)
	for seen < len(times) {
		n, err := connection.Read(buffer)
		check(err)
		at, chunk := time.Now(), buffer[:n]
		if !body {
			if !bytes.HasPrefix(chunk, []byte("HTTP/1.1 200")) {
				check(fmt.Errorf("%s", chunk))
			}
			body = true
			opened.Done()
			continue
		}
		for i := 0; i < n; {
			next := bytes.IndexByte(chunk[i:], '\n')
			if next < 0 {
				break
			}
			i += next
			before := last
			if i > 0 {
				before = chunk[i-1]
			}
			if before != '\r' && seen < len(times) {
				times[seen] = at
				seen++
			}
			i++
		}
		last = chunk[n-1]
	}
	done.Done()
}

// change sends creations one after the other until there are no more numbers.
func change(connection *tls.Conn, address, path string, next func() int) {
	answers := bufio.NewReader(connection)
	for n := next(); n >= 0; n = next() {
		body := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"change-` + strconv.Itoa(n) +
			`"},"data":{"text":"` + padding + `"}}`
		_, err := connection.Write([]byte(head("POST", path, address) + "Content-Type: application/json\r\nContent-Length: " +
			strconv.Itoa(len(body)) + "\r\n\r\n" + body))
		check(err)
		answer, err := http.ReadResponse(answers, nil)
		check(err)
		if answer.StatusCode != 201 {
			check(fmt.Errorf("a change was answered with %s", answer.Status))
		}
		_, err = io.Copy(io.Discard, answer.Body)
		check(err)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	check(err)
	return value
}

func main() {
	// one processor is left to the server
	runtime.GOMAXPROCS(1)
	address, path, version := os.Args[1], os.Args[2], os.Args[3]
	watchers, changes, connections := number(os.Args[4]), number(os.Args[5]), number(os.Args[6])
	times := make([][]time.Time, watchers)
	var opened, done sync.WaitGroup
	opened.Add(watchers)
	done.Add(watchers)
	for i := range times {
		times[i] = make([]time.Time, changes)
		go watch(address, path+"?watch=true&resourceVersion="+version, times[i], &opened, &done)
	}
	opened.Wait()
	writers := make([]*tls.Conn, connections)
	for i := range writers {
		writers[i] = dial(address)
	}
	var lock sync.Mutex
	sent := make([]time.Time, 0, changes)
	next := func() int {
		lock.Lock()
		defer lock.Unlock()
		if len(sent) == changes {
			return -1
		}
		sent = append(sent, time.Now())
		return len(sent) - 1
	}
	for _, writer := range writers {
		go change(writer, address, path, next)
	}
	done.Wait()
	report(times, sent)
}

func report(times [][]time.Time, sent []time.Time) {
	var last time.Time
	late := []float64{}
	for _, seen := range times {
		for n, at := range seen {
			late = append(late, at.Sub(sent[n]).Seconds()*1000)
			if at.After(last) {
				last = at
			}
		}
	}
	sort.Float64s(late)
	fmt.Printf(`{"seconds":%f,"p50":%f,"p99":%f}`+"\n", last.Sub(sent[0]).Seconds(), late[len(late)/2], late[len(late)*99/100])
}
