// Follows a configuration on `holdfast serve` with nothing but the standard library.
// HOLDFAST_SERVER and HOLDFAST_TOKEN say where and as whom.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

type config struct {
	Server struct {
		LogLevel string `json:"log_level"`
	} `json:"server"`
}

type change struct {
	Version struct {
		ID        int    `json:"id"`
		CreatedBy string `json:"createdBy"`
	} `json:"version"`
	Changes []struct{ Section, Key string } `json:"changes"`
}

func get(path, lastID string) (*http.Response, error) {
	base := os.Getenv("HOLDFAST_SERVER")
	if base == "" {
		base = "http://127.0.0.1:7420"
	}
	request, err := http.NewRequest("GET", base+"/api/v1/namespaces/default"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("HOLDFAST_TOKEN"))
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(request)
	if err == nil && answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		err = fmt.Errorf("%s answered %s", path, answer.Status)
	}
	return answer, err
}

// read prints the value that this service lives on, and tells which version it is of.
func read() (version string, err error) {
	answer, err := get("/config", "")
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var found config
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return "", err
	}
	fmt.Println("log_level is", found.Server.LogLevel)
	return answer.Header.Get("Holdfast-Version"), nil
}

// follow takes events until the stream ends, and returns the id of the last one.
func follow(lastID string) (string, error) {
	answer, err := get("/watch", lastID)
	if err != nil {
		return lastID, err
	}
	defer answer.Body.Close()
	event := map[string]string{}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if line := lines.Text(); line != "" {
			field, value, _ := strings.Cut(line, ": ")
			event[field] = value
			continue
		}
		if err := take(event["event"], event["data"]); err != nil {
			return lastID, err // before its id is kept: the event will come again
		}
		if event["id"] != "" {
			lastID = event["id"]
		}
		event = map[string]string{}
	}
	return lastID, lines.Err()
}

// take tells of a change and reads again. A reset says that the versions between cannot be told any more, only what
// is now.
func take(name, data string) error {
	if name == "change" {
		var told change
		if err := json.Unmarshal([]byte(data), &told); err != nil {
			return err
		}
		var keys []string
		for _, one := range told.Changes {
			keys = append(keys, one.Section+"."+one.Key)
		}
		fmt.Printf("version %d by %s: %s\n", told.Version.ID, told.Version.CreatedBy, strings.Join(keys, ", "))
	}
	if name != "change" && name != "reset" {
		return nil
	}
	_, err := read()
	return err
}

func main() {
	var lastID string
	for ; ; time.Sleep(time.Second) {
		var err error
		if lastID == "" {
			lastID, err = read()
		}
		if err == nil {
			lastID, err = follow(lastID)
		}
		if err != nil {
			fmt.Println("going on with what there is:", err)
		}
	}
}
