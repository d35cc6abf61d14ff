// The Go SDK's redis package, as it is, behind the stories' line protocol: see support/driver.py.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	redis "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/redis/v20180412"
)

type settings struct {
	Id, Key, Scheme, Endpoint, Sign, Method, Language, Region string
}

type asked struct {
	Settings   settings
	Action     string
	Parameters json.RawMessage
}

type refusal struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestId string `json:"request_id"`
}

type answer struct {
	Response json.RawMessage `json:"response,omitempty"`
	Error    *refusal        `json:"error,omitempty"`
}

var clients = map[settings]*redis.Client{}

// A client for each different set of settings, kept as a program would keep it.
func client(made settings) (*redis.Client, error) {
	if kept, found := clients[made]; found {
		return kept, nil
	}
	about := profile.NewClientProfile()
	about.SignMethod = made.Sign
	about.Language = made.Language
	about.HttpProfile.Scheme = strings.ToUpper(made.Scheme)
	about.HttpProfile.ReqMethod = made.Method
	about.HttpProfile.Endpoint = made.Endpoint
	about.HttpProfile.ReqTimeout = 30
	client, err := redis.NewClient(common.NewCredential(made.Id, made.Key), made.Region, about)
	clients[made] = client
	return client, err
}

// The method of that name with its own request and response models.
func call(one asked) (json.RawMessage, error) {
	client, err := client(one.Settings)
	if err != nil {
		return nil, err
	}
	method := reflect.ValueOf(client).MethodByName(one.Action)
	if !method.IsValid() {
		return nil, fmt.Errorf("this SDK has no %s", one.Action)
	}
	request := reflect.New(method.Type().In(0).Elem())
	base := &tchttp.BaseRequest{}
	base.Init().WithApiInfo("redis", redis.APIVersion, one.Action)
	request.Elem().FieldByName("BaseRequest").Set(reflect.ValueOf(base))
	if err := request.Interface().(interface{ FromJsonString(string) error }).FromJsonString(string(one.Parameters)); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{request})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, err
	}
	var whole struct{ Response json.RawMessage }
	text := results[0].Interface().(interface{ ToJsonString() string }).ToJsonString()
	err = json.Unmarshal([]byte(text), &whole)
	return whole.Response, err
}

func answered(line []byte) answer {
	var one asked
	if err := json.Unmarshal(line, &one); err != nil {
		return answer{Error: &refusal{Message: err.Error()}}
	}
	response, err := call(one)
	if sdk, is := err.(*errors.TencentCloudSDKError); is {
		return answer{Error: &refusal{sdk.GetCode(), sdk.GetMessage(), sdk.GetRequestId()}}
	}
	if err != nil {
		return answer{Error: &refusal{Message: err.Error()}}
	}
	return answer{Response: response}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for out := json.NewEncoder(os.Stdout); lines.Scan(); {
		if err := out.Encode(answered(lines.Bytes())); err != nil {
			panic(err)
		}
	}
}
