// Stands in for crictl, whose module cannot be had as one: `crictl [-r ENDPOINT] pods|ps|images|version|info -o json`
// and `crictl inspect|inspectp -o json ID…`, in the shapes that the real one prints. Asks the container runtime itself.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const defaultTimeout = 2 * time.Second // the real one's, for calls

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "FATA[0000] %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	endpoint string
	output   string
	all      bool
	timeout  time.Duration
}

func run(args []string) error {
	var chosen options
	flags := flag.NewFlagSet("crictl", flag.ContinueOnError)
	flags.StringVar(&chosen.endpoint, "r", "", "endpoint")
	flags.StringVar(&chosen.endpoint, "runtime-endpoint", "", "endpoint")
	flags.DurationVar(&chosen.timeout, "t", defaultTimeout, "timeout")
	flags.DurationVar(&chosen.timeout, "timeout", defaultTimeout, "timeout")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("no command given")
	}
	command := flags.Arg(0)
	own := flag.NewFlagSet(command, flag.ContinueOnError)
	own.StringVar(&chosen.output, "o", "", "output")
	own.StringVar(&chosen.output, "output", "", "output")
	own.BoolVar(&chosen.all, "a", false, "all")
	own.BoolVar(&chosen.all, "all", false, "all")
	if err := own.Parse(flags.Args()[1:]); err != nil {
		return err
	}
	if chosen.output != "json" && command != "version" && command[:min(7, len(command))] != "inspect" {
		return fmt.Errorf("this stand-in prints -o json only, not %q", chosen.output)
	}
	endpoint, err := findEndpoint(chosen.endpoint)
	if err != nil {
		return err
	}
	connection, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16*1024*1024)))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), chosen.timeout)
	defer cancel()
	return answer(ctx, connection, command, own.Args(), chosen.all)
}

// findEndpoint takes what crictl takes, in its order: the option, the environment, /etc/crictl.yaml.
func findEndpoint(option string) (string, error) {
	if option != "" {
		return option, nil
	}
	if value := os.Getenv("CONTAINER_RUNTIME_ENDPOINT"); value != "" {
		return value, nil
	}
	text, err := os.ReadFile("/etc/crictl.yaml")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if value, found := strings.CutPrefix(strings.TrimSpace(line), "runtime-endpoint:"); found {
				return strings.Trim(strings.TrimSpace(value), `"'`), nil
			}
		}
	}
	return "", errors.New("no runtime endpoint given: use -r, CONTAINER_RUNTIME_ENDPOINT or /etc/crictl.yaml")
}

func answer(ctx context.Context, connection *grpc.ClientConn, command string, ids []string, all bool) error {
	client := runtime.NewRuntimeServiceClient(connection)
	switch command {
	case "pods":
		response, err := client.ListPodSandbox(ctx, &runtime.ListPodSandboxRequest{})
		return printMessage(response, err)
	case "ps":
		filter := &runtime.ContainerFilter{}
		if !all {
			filter.State = &runtime.ContainerStateValue{State: runtime.ContainerState_CONTAINER_RUNNING}
		}
		response, err := client.ListContainers(ctx, &runtime.ListContainersRequest{Filter: filter})
		return printMessage(response, err)
	case "images":
		response, err := runtime.NewImageServiceClient(connection).ListImages(ctx, &runtime.ListImagesRequest{})
		return printMessage(response, err)
	case "info":
		response, err := client.Status(ctx, &runtime.StatusRequest{Verbose: true})
		if err != nil {
			return err
		}
		return printInfo(response)
	case "version":
		response, err := client.Version(ctx, &runtime.VersionRequest{Version: "v1"})
		if err != nil {
			return err
		}
		fmt.Printf("Version:  %s\nRuntimeName:  %s\nRuntimeVersion:  %s\nRuntimeApiVersion:  %s\n",
			response.Version, response.RuntimeName, response.RuntimeVersion, response.RuntimeApiVersion)
		return nil
	case "inspectp", "inspect":
		if len(ids) == 0 {
			return errors.New("ID cannot be empty")
		}
		return inspect(ctx, client, command, ids)
	}
	return fmt.Errorf("this stand-in has no command %q", command)
}

func inspect(ctx context.Context, client runtime.RuntimeServiceClient, command string, ids []string) error {
	texts := make([]map[string]any, 0, len(ids))
	for _, id := range ids {
		var status proto.Message
		var info map[string]string
		times := map[string]int64{}
		if command == "inspectp" {
			response, err := client.PodSandboxStatus(ctx, &runtime.PodSandboxStatusRequest{PodSandboxId: id, Verbose: true})
			if err != nil {
				return fmt.Errorf("getting the status of the pod sandbox %q: %w", id, err)
			}
			status, info = response.Status, response.Info
			times["createdAt"] = response.Status.CreatedAt
		} else {
			response, err := client.ContainerStatus(ctx, &runtime.ContainerStatusRequest{ContainerId: id, Verbose: true})
			if err != nil {
				return fmt.Errorf("getting the status of the container %q: %w", id, err)
			}
			status, info = response.Status, response.Info
			times["createdAt"] = response.Status.CreatedAt
			times["startedAt"] = response.Status.StartedAt
			times["finishedAt"] = response.Status.FinishedAt
		}
		merged, err := merge(status, info, times)
		if err != nil {
			return err
		}
		texts = append(texts, merged)
	}
	// Of one id the object itself, of several a list: as crictl since 1.31.
	if len(texts) == 1 {
		return printJson(texts[0])
	}
	return printJson(texts)
}

var marshal = protojson.MarshalOptions{EmitDefaultValues: true}

func printMessage(message proto.Message, err error) error {
	if err != nil {
		return err
	}
	text, err := marshal.Marshal(message)
	if err != nil {
		return err
	}
	return printIndented(text)
}

func printInfo(response *runtime.StatusResponse) error {
	merged, err := merge(response.Status, response.Info, nil)
	if err != nil {
		return err
	}
	handlers := make([]any, 0, len(response.RuntimeHandlers))
	for _, handler := range response.RuntimeHandlers {
		text, err := protojson.Marshal(handler)
		if err != nil {
			return err
		}
		handlers = append(handlers, json.RawMessage(text))
	}
	merged["runtimeHandlers"] = handlers
	features, err := protojson.Marshal(response.Features)
	if err != nil {
		return err
	}
	merged["features"] = json.RawMessage(features)
	return printJson(merged)
}

// merge puts the status under its name beside what the runtime said in its verbose info, whose key "info" is JSON of
// its own and, like others that are JSON, stands in the answer as such.
func merge(status proto.Message, info map[string]string, times map[string]int64) (map[string]any, error) {
	text, err := marshal.Marshal(status)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	for name, nanoseconds := range times {
		at := time.Time{}
		if nanoseconds != 0 {
			at = time.Unix(0, nanoseconds).UTC()
		}
		fields[name] = at.Format(time.RFC3339Nano)
	}
	merged := map[string]any{"status": fields}
	for name, value := range info {
		var parsed any
		if json.Unmarshal([]byte(value), &parsed) == nil {
			merged[name] = parsed
		} else {
			merged[name] = value
		}
	}
	return merged, nil
}

func printJson(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return printIndented(text)
}

func printIndented(text []byte) error {
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
