import pytest

from tests.schemas import DOCUMENTS, FOLDER, schema_text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_schema_is_that_of_the_code(name: str) -> None:
    committed = (FOLDER / f"{name}.schema.json").read_text()
    assert committed == schema_text(DOCUMENTS[name]), "run `make schemas`"
