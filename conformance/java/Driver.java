// The Java SDK, as it is, behind the stories' line protocol: see support/driver.py.

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.tencentcloudapi.common.AbstractModel;
import com.tencentcloudapi.common.Credential;
import com.tencentcloudapi.common.exception.TencentCloudSDKException;
import com.tencentcloudapi.common.profile.ClientProfile;
import com.tencentcloudapi.common.profile.HttpProfile;
import com.tencentcloudapi.common.profile.Language;
import com.tencentcloudapi.redis.v20180412.RedisClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

public class Driver {
    static final Gson GSON = new Gson();
    static final Map<String, RedisClient> CLIENTS = new HashMap<>();

    static class Settings {
        String id, key, scheme, endpoint, proxy, sign, method, language, region;
        boolean retry, breaker;

        // A client for each different set of settings, kept as a program would keep it.
        RedisClient client() {
            HttpProfile http = new HttpProfile();
            http.setProtocol(scheme + "://");
            http.setReqMethod(method);
            http.setReadTimeout(30);
            if (endpoint != null) http.setEndpoint(endpoint);
            if (proxy != null) {
                http.setProxyHost(URI.create(proxy).getHost());
                http.setProxyPort(URI.create(proxy).getPort());
            }
            ClientProfile profile = new ClientProfile(sign, http);
            profile.setLanguage(language.equals("en-US") ? Language.EN_US : Language.ZH_CN);
            if (breaker) profile.setBackupEndpoint("ap-guangzhou.tencentcloudapi.com");
            return new RedisClient(new Credential(id, key), region, profile);
        }
    }

    static class Asked {
        JsonObject settings, parameters;
        String action;
    }

    // The method of that name with its own request and response models.
    static JsonElement call(Asked asked) throws Exception {
        Settings settings = GSON.fromJson(asked.settings, Settings.class);
        RedisClient client = CLIENTS.computeIfAbsent(asked.settings.toString(), name -> settings.client());
        Class<?> model = Class.forName("com.tencentcloudapi.redis.v20180412.models." + asked.action + "Request");
        AbstractModel request = (AbstractModel) AbstractModel.fromJsonString(asked.parameters.toString(), model);
        Method method = RedisClient.class.getMethod(asked.action, model);
        Object response = settings.retry ? client.retry(request, 3) : method.invoke(client, request);
        return JsonParser.parseString(AbstractModel.toJsonString((AbstractModel) response));
    }

    static JsonObject answer(String line) {
        JsonObject answer = new JsonObject();
        try {
            answer.add("response", call(GSON.fromJson(line, Asked.class)));
        } catch (InvocationTargetException refused) {
            answer.add("error", error(refused.getCause()));
        } catch (Exception refused) {
            answer.add("error", error(refused));
        }
        return answer;
    }

    static JsonObject error(Throwable thrown) {
        JsonObject error = new JsonObject();
        boolean refused = thrown instanceof TencentCloudSDKException;
        String code = refused ? ((TencentCloudSDKException) thrown).getErrorCode() : "";
        String id = refused ? ((TencentCloudSDKException) thrown).getRequestId() : "";
        error.addProperty("code", code == null ? "" : code);
        error.addProperty("message", refused ? thrown.getMessage() : thrown.toString());
        error.addProperty("request_id", id == null ? "" : id);
        return error;
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            out.println(answer(line));
        }
        System.exit(0);
    }
}
