"""What a document copies from master data, as plain shapes; stored as JSON, so that it never joins back."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rules.quantities import plain


@dataclass(frozen=True, slots=True)
class DocumentAddress:
    label: str
    name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str
    phone: str

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "name": self.name,
            "street": self.street,
            "postalCode": self.postal_code,
            "city": self.city,
            "region": self.region,
            "country": self.country,
            "phone": self.phone,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DocumentAddress":
        names = ("label", "name", "street", "postalCode", "city", "region", "country", "phone")
        return cls(*(stored[name] for name in names))


@dataclass(frozen=True, slots=True)
class DocumentParty:
    """The seller as an invoice prints it; `tax_id` without its country, `bank_account` an IBAN or empty."""

    name: str
    tax_id: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str
    phone: str
    bank_account: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "taxId": self.tax_id,
            "street": self.street,
            "postalCode": self.postal_code,
            "city": self.city,
            "country": self.country,
            "email": self.email,
            "phone": self.phone,
            "bankAccount": self.bank_account,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DocumentParty":
        names = ("name", "taxId", "street", "postalCode", "city", "country", "email", "phone", "bankAccount")
        return cls(*(stored[name] for name in names))


@dataclass(frozen=True, slots=True)
class Instalment:
    share_percent: Decimal
    due_days: int
    end_of_month: bool
    payment_day: int | None


@dataclass(frozen=True, slots=True)
class DocumentPaymentTerms:
    code: str
    name: str
    instalments: tuple[Instalment, ...]
    early_payment_percent: Decimal = Decimal(0)
    early_payment_days: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "instalments": [
                {
                    "sharePercent": plain(each.share_percent),
                    "dueDays": each.due_days,
                    "endOfMonth": each.end_of_month,
                    "paymentDay": each.payment_day,
                }
                for each in self.instalments
            ],
            "earlyPaymentPercent": plain(self.early_payment_percent),
            "earlyPaymentDays": self.early_payment_days,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DocumentPaymentTerms":
        return cls(
            stored["code"],
            stored["name"],
            tuple(
                Instalment(
                    Decimal(each["sharePercent"]), each["dueDays"], each["endOfMonth"], each["paymentDay"]
                )
                for each in stored["instalments"]
            ),
            Decimal(stored.get("earlyPaymentPercent", "0")),
            stored.get("earlyPaymentDays", 0),
        )


@dataclass(frozen=True, slots=True)
class DocumentDeliveryTerms:
    code: str
    name: str
    incoterm: str
    place: str

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "name": self.name, "incoterm": self.incoterm, "place": self.place}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DocumentDeliveryTerms":
        return cls(stored["code"], stored["name"], stored["incoterm"], stored["place"])


def check_requested_date(requested: date | None, today: date) -> str | None:
    """Why a requested day of receipt cannot be taken, as a message template; None when it can."""
    if requested is None:
        return None
    if requested < today:
        return "The requested date {requested} is in the past."
    if requested.year > today.year + 2:
        return "The requested date {requested} is more than two years away."
    return None
