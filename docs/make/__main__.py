"""Write everything that is generated."""

from docs.make.pages import generated
from docs.make.pictures import PICTURES_FOLDER, pictures


def main() -> None:
    PICTURES_FOLDER.mkdir(exist_ok=True)
    for path, picture in pictures().items():
        path.write_bytes(picture)
    for path, text in generated().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
