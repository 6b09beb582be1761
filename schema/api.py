"""The schema, put together from its subjects. The object is called `api`."""

import strawberry

from schema.api_clients import ApiClientMutations, ApiClientQueries
from schema.approvals import ApprovalQueries
from schema.audit import AuditQueries
from schema.availability import AvailabilityQueries
from schema.backtest import BacktestQueries
from schema.bank import BankMutations, BankQueries
from schema.building import NodeQueries, build_api
from schema.carts import CartMutations, CartQueries
from schema.carts_agreements import CartAgreementMutations
from schema.carts_gifts import CartGiftMutations
from schema.carts_holds import CartHoldMutations
from schema.carts_ways import CartWayMutations
from schema.charges import ChargeMutations, ChargeQueries
from schema.company_acts import CompanyMutations
from schema.concessions import ConcessionMutations, ConcessionQueries
from schema.coupons import CouponMutations
from schema.credit import CreditMutations, CreditQueries
from schema.customers import CustomerQueries
from schema.customers_activation import CustomerActivationMutations
from schema.customers_acts import CustomerMutations
from schema.customers_notes import CustomerNoteMutations
from schema.deliveries import DeliveryQueries
from schema.deliveries_acts import DeliveryMutations
from schema.delivery_calendar import DeliveryCalendarMutations, DeliveryCalendarQueries
from schema.delivery_conditions import DeliveryConditionsQueries
from schema.discounts import DiscountQueries
from schema.discounts_acts import DiscountMutations
from schema.events import EventQueries, EventSubscriptions
from schema.free_goods import FreeGoodsMutations, FreeGoodsQueries
from schema.imports import ImportMutations, ImportQueries
from schema.invoices import InvoiceQueries
from schema.invoices_acts import InvoiceMutations
from schema.jobs import JobMutations, JobQueries
from schema.journal import JournalQueries
from schema.lots import LotMutations, LotQueries
from schema.lots_by_customer import LotsByCustomerMutations
from schema.orders import OrderQueries
from schema.orders_acts import OrderMutations
from schema.orders_captured import CapturedOrderMutations
from schema.orders_schedule import OrderScheduleMutations, OrderScheduleQueries
from schema.payments import PaymentQueries
from schema.payments_acts import PaymentMutations
from schema.pricing_settings import PricingSettingsMutations, PricingSettingsQueries
from schema.products import ProductQueries
from schema.purchasing import PurchasingQueries
from schema.purchasing_acts import PurchasingMutations
from schema.quick_order import QuickOrderMutations, QuickOrderQueries
from schema.quotes import QuoteQueries
from schema.quotes_acts import QuoteMutations
from schema.quotes_answers import QuoteAnswerMutations
from schema.quotes_desk import QuoteDeskMutations
from schema.quotes_messages import QuoteMessageMutations
from schema.sales import SalesQueries
from schema.sales_agreements import SalesAgreementQueries
from schema.sales_agreements_acts import SalesAgreementMutations
from schema.scheduling import SchedulingMutations, SchedulingQueries
from schema.scheduling_delivery import SchedulingDeliveryMutations
from schema.sharing import SharingMutations, SharingQueries
from schema.sharing_settings import SharingSettingsMutations
from schema.simulation import SimulationQueries
from schema.statements import StatementQueries
from schema.suggestions import SuggestionMutations, SuggestionQueries
from schema.suppliers import SupplierQueries
from schema.suppliers_acts import SupplierMutations
from schema.trade_agreements import TradeAgreementQueries
from schema.trade_agreements_acts import TradeAgreementMutations
from schema.users import UserMutations, UserQueries
from schema.warehouse import WarehouseMutations, WarehouseQueries
from schema.wishlists import WishlistMutations, WishlistQueries


@strawberry.type
class Query(
    NodeQueries,
    CustomerQueries,
    ProductQueries,
    CartQueries,
    DiscountQueries,
    QuickOrderQueries,
    WishlistQueries,
    OrderQueries,
    InvoiceQueries,
    PaymentQueries,
    BankQueries,
    CreditQueries,
    FreeGoodsQueries,
    ChargeQueries,
    SimulationQueries,
    BacktestQueries,
    SuggestionQueries,
    AvailabilityQueries,
    SharingQueries,
    SchedulingQueries,
    DeliveryConditionsQueries,
    StatementQueries,
    JournalQueries,
    DeliveryQueries,
    DeliveryCalendarQueries,
    LotQueries,
    WarehouseQueries,
    OrderScheduleQueries,
    SupplierQueries,
    PurchasingQueries,
    ApprovalQueries,
    ConcessionQueries,
    AuditQueries,
    SalesQueries,
    UserQueries,
    ApiClientQueries,
    EventQueries,
    JobQueries,
    ImportQueries,
    SalesAgreementQueries,
    QuoteQueries,
    TradeAgreementQueries,
    PricingSettingsQueries,
):
    """Everything that can be asked."""


@strawberry.type
class Mutation(
    CartMutations,
    CartAgreementMutations,
    CartGiftMutations,
    CartHoldMutations,
    CartWayMutations,
    CouponMutations,
    DiscountMutations,
    QuickOrderMutations,
    WishlistMutations,
    OrderMutations,
    QuoteMutations,
    QuoteAnswerMutations,
    QuoteDeskMutations,
    QuoteMessageMutations,
    ConcessionMutations,
    CapturedOrderMutations,
    DeliveryMutations,
    DeliveryCalendarMutations,
    LotMutations,
    SharingMutations,
    SharingSettingsMutations,
    LotsByCustomerMutations,
    WarehouseMutations,
    OrderScheduleMutations,
    SupplierMutations,
    SchedulingMutations,
    SchedulingDeliveryMutations,
    PurchasingMutations,
    InvoiceMutations,
    PaymentMutations,
    BankMutations,
    CreditMutations,
    FreeGoodsMutations,
    ChargeMutations,
    SuggestionMutations,
    CustomerMutations,
    CustomerActivationMutations,
    CustomerNoteMutations,
    ApiClientMutations,
    JobMutations,
    ImportMutations,
    CompanyMutations,
    UserMutations,
    SalesAgreementMutations,
    TradeAgreementMutations,
    PricingSettingsMutations,
):
    """Everything that can be done."""


@strawberry.type
class Subscription(EventSubscriptions):
    """Everything that can be followed."""


api = build_api(Query, Mutation, subscription=Subscription)
