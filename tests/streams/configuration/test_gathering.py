from pathlib import Path

import pytest

from streams.configuration.gathering import FILE_BYTES_MAX, gather
from streams.loading.problems import Problem


def problems_of(
    environ: dict[str, str] | None = None, file: Path | None = None, overrides: dict[str, str] | None = None
) -> list[str]:
    problems: list[Problem] = []
    gather(environ or {}, file, overrides or {}, problems)
    return [str(problem) for problem in problems]


def written(path: Path, text: str) -> Path:
    file = path / "kairos.toml"
    file.write_text(text)
    return file


class TestFile:
    @pytest.mark.parametrize(
        "text",
        [
            '[kafka]\n"client.id" = "me"\n',
            '[kafka]\nclient.id = "me"\n',
            '[kafka.client]\nid = "me"\n',
            'kafka."client.id" = "me"\n',
            '"kafka.client.id" = "me"\n',
        ],
    )
    def test_dots_may_be_in_quotes_or_not(self, text: str, tmp_path: Path) -> None:
        problems: list[Problem] = []
        found = gather({}, written(tmp_path, text), {}, problems)
        assert problems == []
        assert found["kafka.client.id"].value == "me"

    def test_a_setting_that_is_stated_both_ways_is_refused(self, tmp_path: Path) -> None:
        file = written(tmp_path, '[kafka]\n"client.id" = "a"\nclient.id = "b"\n')
        assert problems_of(file=file) == [
            f"{file}: kafka.client.id: is stated twice: also as kafka.client.id"
        ]

    def test_relative_paths_begin_at_the_file(self, tmp_path: Path) -> None:
        found = gather({}, written(tmp_path, 'state.dir = "here"\nfiles.policy = "/there"\n'), {}, [])
        assert found["state.dir"].value == tmp_path / "here"
        assert found["files.policy"].value == Path("/there")

    def test_an_empty_section_is_no_mistake(self, tmp_path: Path) -> None:
        assert problems_of(file=written(tmp_path, "[kafka]\n[web]\n")) == []

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("nothing = 1", "nothing: no such setting"),
            ("[wbe]\nport = 1", 'wbe.port: no such setting (did you mean "web.port"?)'),
            ("[kakfa]", "kakfa: no such setting"),
            ("web = 1", "web: no such setting"),
            ("web.port.x = 1", 'web.port.x: no such setting (did you mean "web.port"?)'),
            ("engine.identity.key.file = 1", "engine.identity.key.file: must be the path of a file"),
        ],
    )
    def test_what_is_unknown_is_refused(self, text: str, reason: str, tmp_path: Path) -> None:
        file = written(tmp_path, text)
        assert problems_of(file=file) == [f"{file}: {reason}"]

    def test_what_cannot_be_read_says_why(self, tmp_path: Path) -> None:
        file = tmp_path / "kairos.toml"
        assert problems_of(file=file) == [f"{file}: cannot be read: No such file or directory"]
        assert problems_of(file=tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]
        for content, reason in [
            (b"\xff", "is not UTF-8 at byte 0"),
            (b"web = ", "is not TOML: "),
            (b"x = " + b"[" * 5000, "is not TOML that can be read: nested too deep"),
            (b"#" * (FILE_BYTES_MAX + 1), f"is larger than {FILE_BYTES_MAX} bytes"),
        ]:
            file.write_bytes(content)
            (problem,) = problems_of(file=file)
            assert problem.startswith(f"{file}: {reason}")

    def test_a_file_of_the_full_size_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "kairos.toml"
        file.write_bytes(b"#" * FILE_BYTES_MAX)
        assert problems_of(file=file) == []


class TestEnvironment:
    def test_variables_of_others_are_left_alone(self) -> None:
        assert problems_of({"HOME": "/", "KAIROS": "1", "KAIROS_ONLINE_RETAIL": "x", "KAIROSWEB": "x"}) == []

    def test_where_the_jars_of_a_trial_lie_is_no_mistyped_setting(self) -> None:
        assert problems_of({"KAIROS_CACHE_DIR": "/var/cache"}) == []

    def test_an_empty_variable_is_not_set(self) -> None:
        assert gather({"KAIROS_WEB_PORT": ""}, None, {}, []) == {}

    @pytest.mark.parametrize(
        ("variable", "hint"),
        [
            ("KAIROS_WEB_PROT", ' (did you mean "KAIROS_WEB_PORT"?)'),
            ("KAIROS_BOOTSTRAP_SERVERS", ' (did you mean "KAIROS_KAFKA_BOOTSTRAP_SERVERS"?)'),
            ("KAIROS_APPLICATION_ID", ' (did you mean "KAIROS_ENGINE_APPLICATION_ID"?)'),
            ("KAIROS_IDENTITY_KEY_FILE", ' (did you mean "KAIROS_ENGINE_IDENTITY_KEY_FILE"?)'),
            ("KAIROS_WEB_QQQQQQQQQQQQQQQQQQQQ", ": see `kairos config`"),
        ],
    )
    def test_what_looks_like_ours_and_is_unknown_is_refused(self, variable: str, hint: str) -> None:
        assert problems_of({variable: "1"}) == [f"environment: {variable}: no such setting{hint}"]

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("KAIROS_WEB_SERVICE_HOST", "10.0.0.1"),
            ("KAIROS_WEB_SERVICE_PORT", "6066"),
            ("KAIROS_WEB_SERVICE_PORT_HTTP", "6066"),
            ("KAIROS_WEB_PORT", "tcp://10.0.0.1:6066"),
            ("KAIROS_WEB_PORT_6066_TCP", "tcp://10.0.0.1:6066"),
            ("KAIROS_WEB_PORT_6066_TCP_ADDR", "10.0.0.1"),
        ],
    )
    def test_links_of_kubernetes_services_are_no_settings(self, variable: str, value: str) -> None:
        problems: list[Problem] = []
        assert gather({variable: value}, None, {}, problems) == {}
        assert problems == []


class TestSecretFiles:
    VARIABLE = "KAIROS_ENGINE_IDENTITY_KEY_FILE"

    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    def test_the_end_of_the_line_is_no_part_of_it(self, end: str, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_bytes(b" sixteen bytes! " + end.encode())
        found = gather({self.VARIABLE: str(path)}, None, {}, [])
        assert found["engine.identity.key"].value.reveal() == " sixteen bytes! "  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, "cannot be read: No such file or directory"),
            (b"short", "does not hold what is allowed: text of 16 to 64 bytes in UTF-8, all printable"),
            (b"\xff" * 20, "is not UTF-8"),
        ],
    )
    def test_a_bad_one_says_why(self, content: bytes | None, reason: str, tmp_path: Path) -> None:
        path = tmp_path / "key"
        if content is not None:
            path.write_bytes(content)
        assert problems_of({self.VARIABLE: str(path)}) == [f"environment: {self.VARIABLE}: {path} {reason}"]
