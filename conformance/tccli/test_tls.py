"""tccli by HTTPS. It has no option for an authority; that it works with one is in the table of clients."""

from support.tccli import by_variables


def test_without_the_authority_it_refuses(server, tmp_path):
    plain = by_variables(server, tmp_path)
    plain.endpoint = server.endpoint
    done = plain.run("redis", "DescribeInstances")
    assert done.returncode != 0 and "certificate" in (done.stderr + done.stdout).lower()
