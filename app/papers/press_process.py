"""The press's process: an order as JSON on stdin, a PDF on stdout or a reason on stderr. Imports nothing of ours."""

import json
import resource
import sys

import typst

CPU_SECONDS_MAX = 20
FILE_BYTES_MAX = 0  # it writes no file


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))
    told = json.load(sys.stdin.buffer)
    try:
        paper = typst.compile(
            told["template"],
            root=told["root"],
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=told["standards"],
            timestamp=told["made_at"],
            sys_inputs={"data": json.dumps(told["data"], ensure_ascii=False)},
        )
    except typst.TypstError as fault:
        sys.stderr.write(f"{fault.diagnostic}\n")
        return 1
    sys.stdout.buffer.write(paper)
    return 0


if __name__ == "__main__":
    sys.exit(main())
