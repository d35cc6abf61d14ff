// The Go SDK's common package with its generic client, as it is, behind the stories' line protocol: see support/driver.py.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

var versions = map[string]string{
	"redis": "2018-04-12", "region": "2022-06-27", "tag": "2018-08-13", "sts": "2018-08-13",
}

type settings struct {
	Id, Key, Scheme, Endpoint, Proxy, Sign, Method, Language, Region string
	Retry, Breaker                                                   bool
}

type asked struct {
	Settings        settings
	Service, Action string
	Parameters      map[string]any
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

var clients = map[settings]*common.Client{}

// A client for each different set of settings, kept as a program would keep it.
func client(made settings) *common.Client {
	if kept, found := clients[made]; found {
		return kept
	}
	about := profile.NewClientProfile()
	about.SignMethod = made.Sign
	about.Language = made.Language
	about.DisableRegionBreaker = !made.Breaker
	about.HttpProfile.Scheme = strings.ToUpper(made.Scheme)
	about.HttpProfile.ReqMethod = made.Method
	about.HttpProfile.Endpoint = made.Endpoint
	about.HttpProfile.Proxy = made.Proxy
	about.HttpProfile.ReqTimeout = 30
	if made.Retry {
		about.NetworkFailureMaxRetries = 3
		about.RateLimitExceededMaxRetries = 3
		about.RateLimitExceededRetryDuration = profile.ConstantDurationFunc(10 * time.Millisecond)
	}
	clients[made] = common.NewCommonClient(common.NewCredential(made.Id, made.Key), made.Region, about)
	return clients[made]
}

func call(one asked) (json.RawMessage, error) {
	request := tchttp.NewCommonRequest(one.Service, versions[one.Service], one.Action)
	if err := request.SetActionParameters(one.Parameters); err != nil {
		return nil, err
	}
	response := tchttp.NewCommonResponse()
	if err := client(one.Settings).Send(request, response); err != nil {
		return nil, err
	}
	var whole struct{ Response json.RawMessage }
	err := json.Unmarshal(response.GetBody(), &whole)
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
