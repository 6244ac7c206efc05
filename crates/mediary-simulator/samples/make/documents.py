"""Documents: a PDF invoice, a Word letter, an Excel list, a CSV, a web page."""

import csv
import datetime

import docx
import openpyxl
from docx.oxml.ns import qn
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from paths import BOLD, OUT, SANS

MADE = datetime.datetime(2026, 3, 18, 9, 30)
TEAL = (0.09, 0.33, 0.40)
LINES = [
    ("Ofenplatte Steinzeug „Möwe“, 32 cm", 6, 34.00),
    ("Kaffeebecher seegrün, gesprenkelt", 24, 15.50),
    ("Kaffeebecher Sand, gesprenkelt", 24, 15.50),
    ("Müslischüssel groß, weiß", 12, 19.00),
    ("Krug 1,5 l, handgedreht", 4, 42.00),
    ("Käseglocke mit Eichenbrett", 2, 58.00),
    ("Geölte Schneidbretter, Buche", 8, 27.50),
    ("Hocker „Brücke“, neu verleimt und geölt", 3, 65.00),
    ("Stuhlsitz aus Rohrgeflecht, erneuert", 4, 72.00),
    ("Schübe und Griffe aufgearbeitet (Stunden)", 6, 48.00),
    ("Verpackung, stoßfest", 9, 2.90),
    ("Lieferung per Spedition", 1, 64.00),
]


def euro(amount):
    return f"{amount:,.2f} €".replace(",", " ").replace(".", ",")


class Invoice:
    """Two pages with a letterhead, a table that runs over, totals and terms."""

    def __init__(self):
        pdfmetrics.registerFont(TTFont("Text", SANS))
        pdfmetrics.registerFont(TTFont("Strong", BOLD))
        self.page = canvas.Canvas(str(OUT / "invoice.pdf"), pagesize=A4, invariant=1)
        self.page.setTitle("Rechnung 2026-0417")
        self.page.setAuthor("Harbour & Finch")
        self.width, self.height = A4

    def text(self, x, y, what, size=10, strong=False, right=False, tone=(0.13, 0.15, 0.17)):
        self.page.setFillColorRGB(*tone)
        self.page.setFont("Strong" if strong else "Text", size)
        (self.page.drawRightString if right else self.page.drawString)(x * mm, self.height - y * mm, what)

    def head(self, number):
        page = self.page
        page.setFillColorRGB(*TEAL)
        page.rect(0, self.height - 30 * mm, self.width, 30 * mm, stroke=0, fill=1)
        self.text(20, 16, "Harbour & Finch", 22, True, tone=(1, 1, 1))
        self.text(20, 23, "Keramik · Kuchen · Reparaturen am Hafen", 10, tone=(0.86, 0.93, 0.94))
        # A finch on a line, in three strokes.
        page.setStrokeColorRGB(1, 1, 1)
        page.setLineWidth(1.4)
        x, y = 178 * mm, self.height - 17 * mm
        wing = page.beginPath()
        wing.moveTo(x - 9 * mm, y - 3 * mm)
        wing.curveTo(x - 6 * mm, y + 6 * mm, x + 4 * mm, y + 7 * mm, x + 6 * mm, y + 1 * mm)
        wing.lineTo(x + 9 * mm, y)
        wing.lineTo(x + 6 * mm, y - 1 * mm)
        wing.curveTo(x + 4 * mm, y - 7 * mm, x - 4 * mm, y - 6 * mm, x - 9 * mm, y - 3 * mm)
        page.drawPath(wing)
        page.circle(x + 3.6 * mm, y + 2 * mm, 0.5 * mm, fill=1)
        page.line(x - 14 * mm, y - 8 * mm, x + 12 * mm, y - 8 * mm)
        self.text(20, 285, "Harbour & Finch · Unit 3, Merchant's Quay, Cork · USt-IdNr. IE0000000XX", 8, tone=(0.45, 0.48, 0.5))
        self.text(190, 285, f"Seite {number} von 2", 8, right=True, tone=(0.45, 0.48, 0.5))

    def table_head(self, y):
        self.page.setFillColorRGB(0.91, 0.95, 0.95)
        self.page.rect(20 * mm, self.height - (y + 2.6) * mm, 170 * mm, 8 * mm, stroke=0, fill=1)
        for x, word, right in [
            (22, "Pos.", False),
            (34, "Bezeichnung", False),
            (132, "Menge", True),
            (160, "Einzelpreis", True),
            (188, "Betrag", True),
        ]:
            self.text(x, y, word, 9, True, right)

    def row(self, y, number, line):
        what, count, price = line
        for x, word, right in [
            (22, str(number), False),
            (34, what, False),
            (132, str(count), True),
            (160, euro(price), True),
            (188, euro(count * price), True),
        ]:
            self.text(x, y, word, 9.5, False, right)
        self.page.setStrokeColorRGB(0.86, 0.88, 0.89)
        self.page.setLineWidth(0.5)
        self.page.line(20 * mm, self.height - (y + 3.4) * mm, 190 * mm, self.height - (y + 3.4) * mm)

    def write(self):
        self.head(1)
        self.text(20, 48, "Harbour & Finch · Unit 3, Merchant's Quay · Cork", 7.5, tone=(0.45, 0.48, 0.5))
        for n, line in enumerate(["Tischlerei Weiß & Söhne", "z. Hd. Herrn Jürgen Weiß", "Große Brückenstraße 12", "20457 Hamburg"]):
            self.text(20, 56 + 5.4 * n, line, 11)
        for n, (name, value) in enumerate(
            [("Rechnung Nr.", "2026-0417"), ("Kunde Nr.", "K-1142"), ("Datum", "18. März 2026"), ("Lieferung", "KW 11")]
        ):
            self.text(140, 56 + 5.4 * n, name, 9, tone=(0.45, 0.48, 0.5))
            self.text(190, 56 + 5.4 * n, value, 9.5, n == 0, True)
        self.text(20, 98, "Rechnung", 20, True, tone=TEAL)
        self.text(20, 109, "Sehr geehrter Herr Weiß,", 10.5)
        self.text(20, 116, "vielen Dank für Ihren Auftrag. Für die folgenden Waren und Arbeiten berechnen wir:", 10.5)
        self.table_head(130)
        for n, line in enumerate(LINES[:10]):
            self.row(140 + 10.5 * n, n + 1, line)
        part = sum(count * price for _, count, price in LINES[:10])
        self.text(160, 252, "Übertrag", 9.5, True, True)
        self.text(188, 252, euro(part), 9.5, True, True)
        self.page.showPage()
        self.head(2)
        self.table_head(48)
        self.text(34, 58, "Übertrag von Seite 1", 9.5)
        self.text(188, 58, euro(part), 9.5, False, True)
        for n, line in enumerate(LINES[10:]):
            self.row(68.5 + 10.5 * n, n + 11, line)
        net = sum(count * price for _, count, price in LINES)
        tax = round(net * 0.19, 2)
        for n, (name, value) in enumerate([("Summe netto", net), ("zzgl. 19 % MwSt.", tax), ("Gesamtbetrag", net + tax)]):
            self.text(160, 98 + 8 * n, name, 10.5 + n // 2, n == 2, True)
            self.text(188, 98 + 8 * n, euro(value), 10.5 + n // 2, n == 2, True)
        for n, line in enumerate(
            [
                "Zahlbar innerhalb von 14 Tagen ohne Abzug. Bitte geben Sie die Rechnungsnummer an.",
                "",
                "Auf reparierte Möbel geben wir zwei Jahre Gewähr. Geölte Flächen bitte die ersten",
                "Tage nicht abdecken und Flüssigkeiten gleich aufnehmen.",
                "",
                "Herzliche Grüße vom Hafen",
                "Fiona Finch",
            ]
        ):
            self.text(20, 140 + 6 * n, line, 10.5)
        self.page.save()


def order_list():
    """The cups a café needs, in Arabic, written from the right."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = MADE
    book.properties.creator = "ليلى حداد"
    sheet = book.active
    sheet.title = "قائمة الطلبات"
    sheet.sheet_view.rightToLeft = True
    rows = [
        ("الصنف", "اللون", "الكمية", "السعر", "المجموع"),
        ("فنجان قهوة صغير", "أبيض منقط", 40, 9.5),
        ("صحن فنجان", "أبيض منقط", 40, 5),
        ("كوب قهوة كبير", "أخضر بحري", 24, 15.5),
        ("إبريق شاي", "رملي", 6, 38),
        ("سكرية", "رملي", 10, 12.5),
        ("طبق حلويات", "أزرق", 30, 11),
        ("إبريق حليب", "أبيض", 8, 14),
    ]
    line = Border(bottom=Side(style="thin", color="C9D3D5"))
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column, value)
            cell.border, cell.alignment = line, Alignment(horizontal="right")
            if number == 1:
                cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="175466")
        if number > 1:
            sheet.cell(number, 5, f"=C{number}*D{number}").border = line
    end = len(rows) + 1
    sheet.cell(end, 1, "الإجمالي").font = Font(bold=True)
    sheet.cell(end, 5, f"=SUM(E2:E{end - 1})").font = Font(bold=True)
    for column, width in zip("ABCDE", (24, 16, 10, 10, 14)):
        sheet.column_dimensions[column].width = width
    for row in sheet.iter_rows(min_row=2, min_col=4, max_col=5):
        for cell in row:
            cell.number_format = '#,##0.00 "€"'
    sheet.freeze_panes = "A2"
    book.save(OUT / "order-list.xlsx")


def quote_request():
    """A polite request for a quote, in Japanese."""
    paper = docx.Document()
    paper.core_properties.author = "佐藤 健"
    paper.core_properties.created = paper.core_properties.modified = MADE
    style = paper.styles["Normal"]
    style.font.name = "Yu Gothic"
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Yu Gothic")
    paper.add_heading("見積依頼書", 0)
    for text in [
        "Harbour & Finch 御中",
        "株式会社みなと雑貨　佐藤 健",
        "平素より大変お世話になっております。",
        "下記の商品につきまして、お見積もりをお願いいたします。",
    ]:
        paper.add_paragraph(text)
    table = paper.add_table(rows=1, cols=4, style="Light Grid Accent 1")
    for cell, text in zip(table.rows[0].cells, ("品名", "色", "数量", "希望納期")):
        cell.text = text
    for row in [
        ("マグカップ 350 ml", "海緑色", "50個", "5月末"),
        ("マグカップ 350 ml", "白（斑点）", "50個", "5月末"),
        ("小皿 12 cm", "青", "100枚", "6月中旬"),
    ]:
        for cell, text in zip(table.add_row().cells, row):
            cell.text = text
    for text in [
        "",
        "・送料を含めた金額でお願いいたします。",
        "・見本を1個ずつお送りいただけますと幸いです。",
        "ご検討のほど、よろしくお願い申し上げます。",
    ]:
        paper.add_paragraph(text)
    paper.save(OUT / "quote-request.docx")


def price_list():
    """Wholesale prices: quotes, a comma and a line break inside fields, as real files have them."""
    rows = [
        ("品番", "品名", "単価 (EUR)", "最小数量", "備考"),
        ("HF-101", "マグカップ 350 ml、海緑色", "11.80", 24, "100個以上は 10.90"),
        ("HF-102", "マグカップ 350 ml、白（斑点）", "11.80", 24, "100個以上は 10.90"),
        ("HF-110", "湯のみ", "8.40", 36, ""),
        ("HF-204", "小皿 12 cm", "6.20", 50, "青、白"),
        ("HF-310", "急須 0.6 l", "29.00", 6, "茶こし付き"),
        ("HF-900", "送料", "240.00", 1, "船便、約3週間\n保険込み"),
    ]
    with open(OUT / "price-list.csv", "w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)


def order_confirmation():
    """A web page as mail programs save it; its script must never run in the inbox."""
    (OUT / "order-confirmation.html").write_text(
        """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<title>订单确认 HF-20884</title>
<style>body { font: 16px sans-serif; margin: 2rem; color: #223 } h1 { color: #175466 } td { padding: .3rem 1rem .3rem 0 }</style>
</head>
<body>
<h1>Harbour &amp; Finch</h1>
<p>您好，晓雯：感谢您的订购！</p>
<table>
<tr><td>订单号</td><td>HF-20884</td></tr>
<tr><td>商品</td><td>茶杯（海绿色）× 2，小碟 × 2</td></tr>
<tr><td>合计</td><td>48.00 €</td></tr>
</table>
<p id="proof">脚本未运行。</p>
<script>document.getElementById("proof").textContent = "脚本已运行。";</script>
</body>
</html>
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    Invoice().write()
    order_list()
    quote_request()
    price_list()
    order_confirmation()
