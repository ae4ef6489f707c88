select
    order_id,
    customer_id,
    status,
    amount::numeric(12, 2) as amount,
    ordered_on::date as ordered_on
from {{ source('raw', 'orders') }}
