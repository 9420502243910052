"""Draws the demo's pictures: invented posters and a boast that stands in no caption. Needs Pillow; run it after editing them.

The PNG files are kept with the demo, so that a night reads real pictures without drawing any. Pillow's own font is used,
which is the same on every machine.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "gambar"
SIDE = 720


def canvas(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    """A square whose colour runs from one to the other."""
    ramp = Image.linear_gradient("L").resize((SIDE, SIDE))
    return Image.composite(Image.new("RGB", (SIDE, SIDE), bottom), Image.new("RGB", (SIDE, SIDE), top), ramp)


def write(image: Image.Image, lines: list[tuple[int, int, str, str]]) -> None:
    """Place lines (height on the picture, size, colour, words) in the middle."""
    draw = ImageDraw.Draw(image)
    for top, size, colour, words in lines:
        font = ImageFont.load_default(size)
        draw.text(((SIDE - draw.textlength(words, font=font)) / 2, top), words, font=font, fill=colour)


def boast() -> Image.Image:
    """A handbag and what it cost."""
    image = canvas((66, 20, 40), (150, 84, 60))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((210, 330, 510, 560), 30, fill=(196, 120, 62), outline=(245, 220, 170), width=8)
    draw.arc((280, 220, 440, 440), 180, 360, fill=(245, 220, 170), width=14)
    write(image, [
        (60, 56, "white", "TAS HERMES ASLI"),
        (135, 38, "white", "koleksi Ibu Kepala"),
        (600, 48, "white", "HARGA 180 JUTA"),
    ])  # fmt: skip
    return image


def poster() -> Image.Image:
    """A timetable of a health post."""
    image = canvas((236, 248, 240), (198, 230, 212))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, SIDE, 150), fill=(20, 110, 80))
    draw.ellipse((560, 540, 700, 680), fill=(240, 200, 90))
    write(image, [
        (44, 54, "white", "JADWAL POSYANDU"),
        (220, 40, "#143c2d", "Senin: Balai Desa Ngasem"),
        (300, 40, "#143c2d", "Rabu: Dusun Krajan RT 05"),
        (380, 40, "#143c2d", "Jumat: Puskesmas Barat"),
        (480, 40, "#143c2d", "Pukul 08.00 sampai 11.00"),
        (600, 32, "#143c2d", "Gratis, bawa buku KIA"),
    ])  # fmt: skip
    return image


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    boast().save(FOLDER / "tas.png", optimize=True)
    boast().resize((540, 540)).save(FOLDER / "tas-lagi.jpg", quality=60)
    poster().save(FOLDER / "jadwal-posyandu.png", optimize=True)
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
