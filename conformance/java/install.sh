#!/bin/sh
# Makes FOLDER/run, the driver of the Java SDK: sh java/install.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
for tool in javac mvn; do
    command -v "$tool" >/dev/null || { echo "there is no $tool" >&2; exit 1; }
done
mvn --quiet --batch-mode --file "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/lib" >&2
javac -encoding UTF-8 -cp "$1/lib/*" -d "$1/classes" "$here/Driver.java" >&2
# Java knows no certificate file: the authority goes into a store of the working folder.
cat >"$1/run" <<END
#!/bin/sh
set -e
keytool -importcert -noprompt -file "\$SSL_CERT_FILE" -keystore trust.p12 -storetype PKCS12 -storepass changeit 2>keytool.log
exec java -XX:TieredStopAtLevel=1 -Xmx256m -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit \\
    -cp "$1/classes:$1/lib/*" Driver
END
chmod +x "$1/run"
