#!/usr/bin/env python3
"""Make the facts in this folder anew from an installed tccli and print what changed.

    python3 -m venv /tmp/tccli && /tmp/tccli/bin/pip install tccli
    /tmp/tccli/bin/python api/refresh.py            # rewrites api/*.json, prints the changes
    /tmp/tccli/bin/python api/refresh.py --check    # writes nothing; exit code 1 if anything would change

`redis` takes every action that tccli has. Every other file keeps the actions that it names: to take one more, add its
line under "actions" by hand and run the script.
"""
import importlib.util
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
WHOLE = {"redis"}  # services of which every action is taken


def tccli_folder():
    spec = importlib.util.find_spec("tccli")
    if spec is None:
        sys.exit("tccli is not installed for this Python: pip install tccli")
    return pathlib.Path(spec.origin).parent


def member(raw):
    """One field, reduced to its facts. tccli calls the element or scalar type `member`."""
    fact = {"name": raw["name"], "type": raw["type"], "of": raw["member"]}
    if raw.get("required"):
        fact["required"] = True
    if raw.get("value_allowed_null"):
        fact["nullable"] = True
    return fact


def reachable(objects, roots):
    """The named objects and everything nested in them."""
    found, todo = set(), list(roots)
    while todo:
        name = todo.pop()
        if name in found or name not in objects:
            continue
        found.add(name)
        todo.extend(raw["member"] for raw in objects[name]["members"])
    return sorted(found)


def reduce(raw, service, version, wanted):
    """The facts of one service: its actions, and the objects that they reach."""
    names = sorted(a for a in raw["actions"] if wanted is None or a in wanted)
    actions = {a: {"request": raw["actions"][a]["input"], "response": raw["actions"][a]["output"]} for a in names}
    roots = [name for action in actions.values() for name in action.values()]
    objects = {o: [member(m) for m in raw["objects"][o]["members"]] for o in reachable(raw["objects"], roots)}
    return {"service": service, "version": version, "actions": actions, "objects": objects}


def render(facts):
    """One action and one field a line, so that a diff shows exactly what changed."""
    def dump(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    actions = ",\n".join(f"{dump(name)}:{dump(value)}" for name, value in facts["actions"].items())
    objects = ",\n".join(
        f"{dump(name)}:[\n" + ",\n".join("  " + dump(field) for field in fields) + "\n]"
        for name, fields in facts["objects"].items()
    )
    head = f'"service":{dump(facts["service"])},"version":{dump(facts["version"])}'
    return f'{{\n{head},\n"actions":{{\n{actions}\n}},\n"objects":{{\n{objects}\n}}}}\n'


def flat(facts):
    """Every fact under a readable key, for comparing two versions."""
    table = {("action", name): value for name, value in facts["actions"].items()}
    for name, fields in facts["objects"].items():
        table[("object", name)] = ""
        for field in fields:
            table[("field", f"{name}.{field['name']}")] = {k: v for k, v in field.items() if k != "name"}
    return table


def changes(old, new):
    before, after = flat(old), flat(new)
    for key in sorted(before.keys() | after.keys()):
        what = f"{new['service']}: {key[0]} {key[1]}"
        if key not in after:
            yield f"- {what}"
        elif key not in before:
            yield f"+ {what} {after[key]}".rstrip()
        elif before[key] != after[key]:
            yield f"~ {what}: {before[key]} -> {after[key]}"


def main():
    check = "--check" in sys.argv[1:]
    root = tccli_folder()
    version = (root / "__init__.py").read_text().split("'")[1]
    print(f"tccli {version}")
    changed = False
    for path in sorted(HERE.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        old = json.loads(text)
        service = old["service"]
        source = root / "services" / service / ("v" + old["version"].replace("-", "")) / "api.json"
        wanted = None if service in WHOLE else old["actions"].keys()
        new = reduce(json.loads(source.read_text(encoding="utf-8")), service, old["version"], wanted)
        lines = list(changes(old, new))
        same = render(new) == text
        print(f"{path.name}: " + ("the same" if same else f"{len(lines)} changes" if lines else "order or layout only"))
        print("".join(f"  {line}\n" for line in lines), end="")
        changed = changed or not same
        if not (check or same):
            path.chmod(0o644)
            path.write_text(render(new), encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
