"""python -m tools.deployment.variables: keeps the variables of a deployment in a file.

Terraform forgets the `-var` options of the last apply, so an apply with fewer of them would take
away what they had added. The file terraform/deployments/PROJECT/PREFIX.tfvars keeps them, one
variable a line. Later options change or add lines. Nothing else in the file is touched.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

_TERRAFORM = Path(__file__).parents[2] / "terraform"
_VARIABLE = re.compile(r'^variable "(\w+)" \{(.*?)^\}', re.DOTALL | re.MULTILINE)
_OWN_OPTIONS = {"project_id": "PROJECT", "prefix": "DEPLOYMENT"}
"""Variables that are options of make, because they name the file."""


class Refused(Exception):
    """A variable that cannot be kept; the message says what to do."""


def main() -> None:
    """Writes the file and prints its path. Exit code 1 if a variable cannot be kept."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--project", required=True)
    parser.add_argument("--deployment", required=True, help="Terraform's variable prefix")
    parser.add_argument("-var", "--var", action="append", default=[], metavar="NAME=VALUE")
    arguments, _ = parser.parse_known_args()  # others are options of `terraform apply`
    try:
        given = dict(_given(option) for option in arguments.var)
        file = keep(arguments.project, arguments.deployment, given)
    except Refused as error:
        sys.exit(str(error))
    sys.stdout.write(f"The variables of this deployment are in {file}. Keep the file.\n")


def keep(project: str, deployment: str, values: Mapping[str, str]) -> Path:
    """Writes values of variables into the file of a deployment; returns the file.

    Raises:
        Refused: a value cannot be kept. The file is as before.
    """
    file = file_of(project, deployment)
    all_values = {"project_id": project, "prefix": deployment, **values}
    declared = _declared()
    lines = {name: _line(name, value, declared) for name, value in all_values.items()}
    text = updated(file.read_text() if file.exists() else "", lines)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def file_of(project: str, deployment: str) -> Path:
    """Returns the file that keeps a deployment's variables."""
    return _TERRAFORM / "deployments" / project / f"{deployment}.tfvars"


def updated(text: str, lines: dict[str, str]) -> str:
    """Returns the file's text with these lines, by variable, instead of older ones.

    Raises:
        Refused: a variable has a value of several lines in the file.
    """
    kept = text.splitlines()
    for name, line in lines.items():
        places = [index for index, old in enumerate(kept) if re.match(rf"{name}\s*=", old)]
        if not places:
            kept.append(line)
            continue
        (place,) = places
        if not _is_complete(kept[place]):
            raise Refused(f"{name} has several lines in the file of variables: make it {line}")
        kept[place] = line
    return "\n".join(kept) + "\n"


def _given(option: str) -> tuple[str, str]:
    """Returns the name and the value of a `-var NAME=VALUE`."""
    name, _, value = option.partition("=")
    if name in _OWN_OPTIONS:
        raise Refused(f"{name} is not given in TF: say {_OWN_OPTIONS[name]}={value}.")
    return name, value


def _line(name: str, value: str, declared: dict[str, str]) -> str:
    """Returns a variable as a line of a tfvars file. `-var` has strings without quotes."""
    body = declared.get(name)
    if body is None:
        raise Refused(f"terraform/ has no variable {name}.")
    if re.search(r"^\s+sensitive\s+= true$", body, re.MULTILINE):
        raise Refused(f"{name} is a secret and is not kept in a file: pass it as TF_VAR_{name}.")
    is_string = re.search(r"^\s+type\s+= string$", body, re.MULTILINE) and value != "null"
    if is_string:
        value = json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    if not _is_complete(value) or "\n" in value:
        raise Refused(f"{name}: {value} is not a value of one line.")
    return f"{name} = {value}"


def _declared() -> dict[str, str]:
    """The variables of terraform/, and the text of their declarations."""
    files = sorted(_TERRAFORM.glob("variables*.tf"))
    return dict(match for file in files for match in _VARIABLE.findall(file.read_text()))


def _is_complete(line: str) -> bool:
    """Whether all brackets outside of strings are closed in this line."""
    bare = re.sub(r'"(\\.|[^"\\])*"', "", line)
    return all(bare.count(left) == bare.count(right) for left, right in ("{}", "[]", "()"))


if __name__ == "__main__":
    main()
