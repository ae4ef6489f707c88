select
    customers.country,
    count(*) as orders,
    count(distinct orders.customer_id) as customers,
    sum(orders.amount) as revenue
from {{ ref('stg_orders') }} as orders
inner join {{ ref('stg_customers') }} as customers using (customer_id)
where orders.status <> 'returned'
group by customers.country
