"""How codes of the schema are shown: a text to translate, a tone and an icon, never colour alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    tone: str = "neutral"
    icon: str = "dot"


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name for a text that is translated later
    """Marks a text for the catalogue."""
    return text


LABELS: dict[str, dict[str, Label]] = {
    "order_status": {
        "PENDING_APPROVAL": Label(N_("Awaiting approval"), "warning", "clock"),
        "PLACED": Label(N_("Placed"), "info", "inbox"),
        "CONFIRMED": Label(N_("Confirmed"), "success", "check"),
        "CLOSED": Label(N_("Closed"), "neutral", "archive"),
        "REFUSED": Label(N_("Refused"), "danger", "close"),
        "CANCELLED": Label(N_("Cancelled"), "neutral", "ban"),
        "ON_HOLD": Label(N_("On hold"), "warning", "pause"),
    },
    "limit_period": {
        "WEEK": Label(N_("a week")),
        "MONTH": Label(N_("a month")),
        "QUARTER": Label(N_("a quarter")),
        "YEAR": Label(N_("a year")),
    },
    "approval_status": {
        "PENDING": Label(N_("Awaiting approval"), "warning", "clock"),
        "APPROVED": Label(N_("Approved"), "success", "check"),
        "REFUSED": Label(N_("Not approved"), "danger", "close"),
        "WITHDRAWN": Label(N_("Withdrawn"), "neutral", "ban"),
        "LAPSED": Label(N_("Lapsed"), "neutral", "clock"),
    },
    "approval_cause": {
        "OVER_ORDER_LIMIT": Label(N_("More than the limit per order")),
        "OVER_PERIOD_LIMIT": Label(N_("More than the limit of the period")),
        "OVER_COMPANY_THRESHOLD": Label(N_("Company rule")),
        "CATEGORY": Label(N_("Company rule for a category")),
    },
    "hold_reason": {
        "CREDIT": Label(N_("Credit limit exceeded"), "warning", "pause"),
        "OVERDUE": Label(N_("Overdue invoices"), "warning", "pause"),
        "MANUAL": Label(N_("Stopped by hand"), "warning", "pause"),
    },
    "customer_status": {
        "PROSPECT": Label(N_("Prospect"), "info", "dot"),
        "ACTIVE": Label(N_("Active"), "success", "check"),
        "BLOCKED": Label(N_("Blocked"), "danger", "ban"),
    },
    "band": {
        "IN_STOCK": Label(N_("In stock"), "success", "check"),
        "LOW": Label(N_("Low stock"), "warning", "alert"),
        "OUT_OF_STOCK": Label(N_("Out of stock"), "danger", "close"),
        "BACKORDER": Label(N_("To order"), "info", "clock"),
    },
    "delivery_status": {
        "RELEASED": Label(N_("Being prepared"), "info", "box"),
        "SHIPPED": Label(N_("Sent"), "success", "truck"),
        "CANCELLED": Label(N_("Called off"), "neutral", "ban"),
        "UNINVOICED": Label(N_("To invoice"), "warning", "clock"),
    },
    "fulfilment": {
        "NONE": Label(N_("Pending"), "neutral", "clock"),
        "PARTIAL": Label(N_("Partial"), "warning", "half"),
        "DONE": Label(N_("Done"), "success", "check"),
    },
    "job_state": {
        "QUEUED": Label(N_("Waiting"), "neutral", "clock"),
        "RUNNING": Label(N_("Running"), "info", "play"),
        "SUCCEEDED": Label(N_("Done"), "success", "check"),
        "FAILED": Label(N_("Failed"), "danger", "alert"),
    },
    "import_kind": {
        "PRODUCTS": Label(N_("Products")),
        "CUSTOMERS": Label(N_("Customers")),
        "PRICES": Label(N_("Prices")),
        "STOCK": Label(N_("Stock")),
    },
    "job_kind": {
        "mail.order_placed": Label(N_("Mail: order received")),
        "mail.order_confirmed": Label(N_("Mail: order confirmed")),
        "mail.order_refused": Label(N_("Mail: order refused")),
        "mail.order_held": Label(N_("Mail: held order")),
        "mail.approval_requested": Label(N_("Mail: approval asked for")),
        "mail.approval_decided": Label(N_("Mail: approval decided")),
        "mail.invitation": Label(N_("Mail: invitation")),
        "mail.password": Label(N_("Mail: forgotten password")),
        "mail.account": Label(N_("Mail: new account")),
        "import.products": Label(N_("Import: products")),
        "import.customers": Label(N_("Import: customers")),
        "import.prices": Label(N_("Import: prices")),
        "import.stock": Label(N_("Import: stock")),
        "approvals.end": Label(N_("Approvals: reminders and lapses")),
        "invoices.verify": Label(N_("Verifying the chain of invoices")),
        "house.keep": Label(N_("Clearing up")),
        "house.recover": Label(N_("Looking for lost jobs")),
    },
    "visibility": {
        "PRIVATE": Label(N_("Private"), "neutral", "lock"),
        "COMPANY": Label(N_("Company"), "info", "users"),
    },
    "checked": {
        "VALID": Label(N_("Valid"), "success", "check"),
        "ADJUSTED": Label(N_("Adjusted"), "warning", "alert"),
        "INVALID": Label(N_("Invalid"), "danger", "close"),
    },
    "relation": {
        "ACCESSORY": Label(N_("Goes with it")),
        "SUBSTITUTE": Label(N_("Instead of it")),
        "UPGRADE": Label(N_("A step up")),
    },
    "price_component": {
        "LIST_PRICE": Label(N_("List price")),
        "QUANTITY_BREAK": Label(N_("Quantity price")),
        "MANUAL_PRICE": Label(N_("Agreed price")),
        "MANUAL_DISCOUNT": Label(N_("Discount")),
    },
    "step_status": {
        "APPLIED": Label(N_("Applied"), "success", "check"),
        "EXCLUDED": Label(N_("Not applied"), "neutral", "ban"),
        "CAPPED": Label(N_("Capped"), "warning", "alert"),
    },
    "role": {
        "BUYER": Label(N_("Buyer")),
        "APPROVER": Label(N_("Approver")),
        "COMPANY_ADMIN": Label(N_("Company admin")),
        "CUSTOMER_INTEGRATOR": Label(N_("Integration")),
        "SALES_REP": Label(N_("Sales rep")),
        "SALES_MANAGER": Label(N_("Sales manager")),
        "LOGISTICS": Label(N_("Logistics")),
        "FINANCE": Label(N_("Finance")),
        "INTEGRATOR": Label(N_("Integration")),
        "ADMINISTRATOR": Label(N_("Administrator")),
    },
    "api_client": {
        "ACTIVE": Label(N_("Active"), "success", "check"),
        "DISABLED": Label(N_("Disabled"), "neutral", "ban"),
    },
    "api_scope": {
        "CATALOG_READ": Label(N_("Read the catalogue")),
        "PRICES_READ": Label(N_("Read prices")),
        "STOCK_READ": Label(N_("Read availability")),
        "ORDERS_READ": Label(N_("Read orders")),
        "ORDERS_WRITE": Label(N_("Fill the cart, place and cancel orders")),
        "LISTS_WRITE": Label(N_("Keep lists")),
        "CUSTOMERS_READ": Label(N_("Read customers, addresses and contacts")),
        "CUSTOMERS_WRITE": Label(N_("Change addresses")),
        "SALES_HISTORY_READ": Label(N_("Read the sales history")),
        "EVENTS_READ": Label(N_("Read the event log")),
        "FINANCE_READ": Label(N_("Read credit and tax ids")),
        "JOBS_READ": Label(N_("Follow its jobs")),
        "INVOICES_READ": Label(N_("Read invoices")),
        "IMPORTS_WRITE": Label(N_("Import products, customers, prices and stock")),
        "USERS_READ": Label(N_("Read users and their roles")),
        "COSTS_READ": Label(N_("Read costs")),
        "AUDIT_READ": Label(N_("Read the audit trail")),
    },
    "event": {
        "approval.requested": Label(N_("Waits for your company's approval"), "warning", "clock"),
        "approval.decided": Label(N_("Approval decided"), "info", "check"),
        "approval.withdrawn": Label(N_("Withdrawn"), "neutral", "ban"),
        "approval.lapsed": Label(N_("Nobody approved it in time"), "neutral", "clock"),
        "order.placed": Label(N_("Order placed"), "info", "inbox"),
        "order.confirmed": Label(N_("Order confirmed"), "success", "check"),
        "order.refused": Label(N_("Order refused"), "danger", "close"),
        "order.cancelled": Label(N_("Order cancelled"), "neutral", "ban"),
        "order.held": Label(N_("Put on hold"), "warning", "pause"),
        "order.released": Label(N_("Hold released"), "success", "play"),
        "order.closed": Label(N_("Order closed"), "neutral", "archive"),
        "order.releaseConditioned": Label(N_("Release agreed once paid"), "info", "clock"),
        "delivery.released": Label(N_("Delivery being prepared"), "info", "box"),
        "delivery.shipped": Label(N_("Delivery shipped"), "success", "truck"),
        "delivery.cancelled": Label(N_("Delivery cancelled"), "neutral", "ban"),
        "order.lineCancelled": Label(N_("Line cancelled"), "neutral", "ban"),
        "order.linePriced": Label(N_("Price of a line set"), "info", "tag"),
        "order.lineDiscounted": Label(N_("Discount on a line"), "info", "percent"),
    },
    "payment_method": {
        "TRANSFER": Label(N_("Bank transfer")),
        "CARD": Label(N_("Card")),
        "DIRECT_DEBIT": Label(N_("Direct debit")),
        "CASH": Label(N_("Cash")),
        "OTHER": Label(N_("Other")),
    },
    "bank_line": {
        "MATCHED": Label(N_("Matched"), "success", "check"),
        "PARTLY_MATCHED": Label(N_("Partly matched"), "warning", "half"),
        "ON_ACCOUNT": Label(N_("On account"), "warning", "clock"),
        "UNKNOWN": Label(N_("Waiting"), "warning", "alert"),
        "DUPLICATE": Label(N_("Read before"), "neutral", "ban"),
        "IGNORED": Label(N_("Put aside"), "neutral", "archive"),
    },
    "journal_source": {
        "INVOICE": Label(N_("Invoice")),
        "DELIVERY": Label(N_("Delivery")),
        "PAYMENT": Label(N_("Customer payment")),
        "MATCH": Label(N_("Match of what was on account")),
    },
    "payment_state": {"REVERSED": Label(N_("Taken back"), "danger", "ban")},
    "statement_kind": {
        "INVOICE": Label(N_("Invoice")),
        "CREDIT": Label(N_("Rectifying invoice")),
        "PAYMENT": Label(N_("Payment")),
        "REVERSAL": Label(N_("Payment taken back")),
    },
    "invoice_state": {
        "DRAFT": Label(N_("Draft"), "neutral", "edit"),
        "DISCARDED": Label(N_("Discarded"), "neutral", "ban"),
        "OPEN": Label(N_("Unpaid"), "info", "clock"),
        "PARTIAL": Label(N_("Partly paid"), "warning", "half"),
        "PAID": Label(N_("Paid"), "success", "check"),
        "SETTLED": Label(N_("Settled"), "success", "check"),
        "OVERDUE": Label(N_("Past due"), "danger", "alert"),
    },
    "buyer_status": {
        "ACCEPTED": Label(N_("Accepted by the buyer"), "success", "check"),
        "REJECTED": Label(N_("Rejected by the buyer"), "danger", "close"),
        "PAID": Label(N_("Paid by the buyer"), "success", "check"),
    },
    "sale_kind": {
        "SALE": Label(N_("Sale"), "success", "check"),
        "CANCELLATION": Label(N_("Cancellation"), "danger", "close"),
        "ADJUSTMENT": Label(N_("Adjustment"), "warning", "edit"),
        "SERVICE": Label(N_("Service"), "info", "dot"),
    },
}
