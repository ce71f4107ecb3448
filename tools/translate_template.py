"""Prints template.yaml as SAM turns it into plain CloudFormation, in JSON; for the linters, which know more of that.

Run with the Python of the cfn-lint tool, which has the translator beside it. Parameters keep their references.
"""

import json
import sys
from typing import Any

from cfnlint.decode import decode
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


def main(path: str) -> int:
    """Print it; 1 and what is wrong if it cannot be read."""
    template: Any
    template, wrong = decode(path)
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)
        return 1
    plain = json.loads(json.dumps(template))
    plain["Globals"]["Function"]["CodeUri"] = "s3://bucket/valine-lambda.zip"  # as `sam deploy` uploads it
    print(json.dumps(Translator({}, Parser()).translate(plain, {}), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
